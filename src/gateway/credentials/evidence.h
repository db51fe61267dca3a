// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/router.h"
#include "gateway/services.h"

/// What a verifier keeps to be offline later: state receipts of an issuer and of status lists.
namespace xl::gateway::credentials {

/// `GET /ledger/v1/issuers/{did}`: party, the key of `?key=` (64 hexadecimal digits) or every live
/// one, and each accreditation, all at one height, each with its receipt: entries of
/// `{"key": state key, "receipt"}`. Errors: parameter_invalid, party_unknown, those of the ledger.
[[nodiscard]] Result<http::Response> prove_issuer(const Services& services,
                                                  const http::Request& request,
                                                  const PathValues& values);

/// `GET /ledger/v1/status-lists/{list}`: the list's record with its receipt, and its bits, packed,
/// which the record's digests prove. With `?entry=` also the receipt of that entry's changes, or of
/// there being none. Errors: status_list_unknown, parameter_invalid, those of the ledger.
[[nodiscard]] Result<http::Response> prove_status_list(const Services& services,
                                                       const http::Request& request,
                                                       const PathValues& values);

}  // namespace xl::gateway::credentials
