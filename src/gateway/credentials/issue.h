// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/credentials/call.h"

namespace xl::gateway::credentials {

/// A credential as it was made.
struct Made {
  Issued entry;
  std::string text;  ///< SD-JWT
};

/// Makes a credential for whoever holds `holder`: takes an entry of the organisation's status lists
/// (registering a pair on the ledger when there is none free) and signs. Errors:
/// credential_issuer_unaccredited, those of the register and of sending.
[[nodiscard]] Result<Made> issue(const Call& call, const Contents& contents,
                                 const crypto::JwsKey& holder);

/// What `{"type", "claims", "valid_days"}` says. Errors: credential_type_unknown,
/// credential_claims_invalid, parameter_invalid, credential_issuer_unaccredited.
[[nodiscard]] Result<Contents> read_contents(const Call& call, json::Value body);

/// `POST credentials/issued`: makes one without a wallet's dialogue, for `holder` (a JWK).
[[nodiscard]] Result<http::Response> issue_directly(const Call& call);
/// `GET credentials/issued`: the newest first, by pages of 200.
[[nodiscard]] Result<http::Response> list_issued(const Call& call);
/// `GET credentials/issued/{id}`: with its entries and how they stand.
[[nodiscard]] Result<http::Response> show_issued(const Call& call);

/// `GET credentials/status-lists/{list}`: the list as a signed credential.
[[nodiscard]] Result<http::Response> show_status_list(const Call& call);

}  // namespace xl::gateway::credentials
