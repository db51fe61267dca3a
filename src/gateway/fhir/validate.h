// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/fhir/face.h"

namespace xl::gateway::fhir {

/// `POST Type/$validate` and `POST Type/id/$validate` (R4, Resource-validate): what a resource, or
/// the `resource` of a Parameters with `mode` create or update, breaks. Nothing is kept and nothing
/// read; the answer is 200 whatever was found.
[[nodiscard]] http::Response validate_given(const Call& call, std::string_view type,
                                            std::string_view id);
/// `GET Type/id/$validate`: of the current version. Decided and recorded as a read.
[[nodiscard]] http::Response validate_kept(const Call& call, std::string_view type,
                                           std::string_view id);

}  // namespace xl::gateway::fhir
