// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/fhir/face.h"

namespace xl::gateway::fhir {

/// `Patient/$gather`: what other custodians keep of a patient, for somebody of this organisation.
/// Parameters: `locator` (what the patient shows), or `source` (each a custodian's DID and the
/// patient's DID there, joined by `|`); `_type`. A Bundle (collection) whose first entry is an
/// OperationOutcome that says of each custodian how many records came, or why none.
[[nodiscard]] http::Response gather(const Call& call);

}  // namespace xl::gateway::fhir
