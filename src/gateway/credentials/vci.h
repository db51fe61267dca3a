// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/credentials/call.h"

/// OpenID for Verifiable Credential Issuance 1.0: the pre-authorized code flow. Deferred issuance,
/// notifications, encrypted answers and the authorization code flow are not offered.
namespace xl::gateway::credentials {

/// `/.well-known/openid-credential-issuer/o/{org}` (§12.2.2).
[[nodiscard]] Result<http::Response> issuer_metadata(const Call& call);
/// `/.well-known/oauth-authorization-server/o/{org}` (RFC 8414).
[[nodiscard]] Result<http::Response> server_metadata(const Call& call);
/// `POST credentials/offers`: for the organisation. Answers the offer, its link for a QR code, and
/// the transaction code for another way to the person.
[[nodiscard]] Result<http::Response> make_offer(const Call& call);
/// `GET credentials/offers/{id}`: the offer as a wallet fetches it (§4.1.3).
[[nodiscard]] Result<http::Response> show_offer(const Call& call);
/// `POST credentials/token` (§6).
[[nodiscard]] Result<http::Response> give_grant(const Call& call);
/// `POST credentials/nonce` (§7).
[[nodiscard]] Result<http::Response> give_nonce(const Call& call);
/// `POST credentials/credential` (§8).
[[nodiscard]] Result<http::Response> give_credential(const Call& call);

}  // namespace xl::gateway::credentials
