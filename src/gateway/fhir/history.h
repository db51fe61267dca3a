// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/fhir/face.h"

namespace xl::gateway::fhir {

/// `GET [Type/[id/]]_history`: versions of one record, one type, or all; `_since` and `_at` say of
/// when (FHIR R4 §3.1.0.7).
[[nodiscard]] http::Response history_of(const Call& call, std::string_view type,
                                        std::string_view id);

}  // namespace xl::gateway::fhir
