// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/fhir/face.h"

namespace xl::gateway::fhir {

/// `Patient/$ihe-pix` (IHE PIXm, ITI-83), by GET or by POST with Parameters: under which other
/// identifiers and Patients the organisation knows whom `sourceIdentifier` (`system|value`) names,
/// those merged or linked with them too; `targetSystem` restricts to identifiers of these systems.
/// Whom the requester may not know is not found (404), as somebody who never was.
[[nodiscard]] http::Response cross_reference(const Call& call);

}  // namespace xl::gateway::fhir
