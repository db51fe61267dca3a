// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/fhir/face.h"

/// What somebody else would see, for the patient and for a guardian in office: by the one decision,
/// on the ledger as it is now. Nobody is told; the patient's own look is recorded.
namespace xl::gateway::fhir {

/// `Patient/id/$see-as?actor=…&organization=…&role=…&purpose=…&_type=…`: a page of the records that
/// the actor would be let see.
[[nodiscard]] http::Response see_as(const Call& call, std::string_view id);

/// `Patient/id/$explain?record=…` and the same: Parameters that say whether the actor could read
/// that record, by which reasons and consents.
[[nodiscard]] http::Response explain_access(const Call& call, std::string_view id);

}  // namespace xl::gateway::fhir
