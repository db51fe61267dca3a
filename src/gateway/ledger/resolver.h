// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/ledger/routes.h"

namespace xl::gateway::ledger {

/// `GET /1.0/identifiers/{did}`: the document of a DID (DID Resolution v0.3 §7, the HTTP binding):
/// `did:xinglin` as the ledger has it now, `did:key` from itself. Organisations and services are
/// for anyone, people for those who signed in, who can read their records on the ledger anyway.
/// With `proof=true` the result carries the state receipts that the document is made of. Refusals
/// are resolution results too, each with its word (invalidDid, notFound, methodNotSupported,
/// representationNotSupported) and HTTP status. Errors: those of the ledger.
[[nodiscard]] Result<http::Response> resolve_did(const Services& services,
                                                 const http::Request& request,
                                                 const PathValues& values);

}  // namespace xl::gateway::ledger
