// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/fhir/face.h"

namespace xl::gateway::fhir {

/// `GET` or `POST Patient/id/$access-log`: the patient's own access log as a searchset of
/// AuditEvents, nothing beside it, its total the number of entries that the journal has. Parameters
/// are those of a search for AuditEvents; with `proofs` true each page ends with a Binary of
/// `xinglin/access-proofs/v1` that proves its entries to an offline verifier, and has at most 100
/// entries. Who may not see the log gets the answer of a Patient who is not there.
[[nodiscard]] http::Response access_log(const Call& call, std::string_view id);

}  // namespace xl::gateway::fhir
