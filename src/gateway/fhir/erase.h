// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/fhir/face.h"

namespace xl::gateway::fhir {

/// `POST Type/id/$erase`: erases a record, or with `version` one earlier version of it; of a
/// Patient everything about this person, those merged into it too. `confirm` repeats `Type/id`. The
/// answer is a Parameters with one `certificate` for each version or patient, signed by the
/// organisation: `pending`, and `final` at its `url` once no backup opens what was erased. Only the
/// organisation's own key erases.
[[nodiscard]] http::Response erase(const Call& call, std::string_view type, std::string_view id);

}  // namespace xl::gateway::fhir
