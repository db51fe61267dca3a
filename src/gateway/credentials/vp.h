// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/credentials/call.h"

/// OpenID for Verifiable Presentations 1.0 as a verifier: signed request objects by reference,
/// DCQL, direct_post. Encrypted responses, transaction data and the DC API are not offered.
namespace xl::gateway::credentials {

/// `POST credentials/requests`: for those of the organisation. `{"dcql_query"}` or, in short,
/// `{"type", "claims": [names]}`. Answers the link for a QR code and where the result will be.
[[nodiscard]] Result<http::Response> make_request(const Call& call);
/// `GET credentials/requests/{id}`: the request object (§5), signed with the organisation's key.
[[nodiscard]] Result<http::Response> show_request_object(const Call& call);
/// `POST credentials/requests/{id}/response` (§8.2). The first answer that fits ends the request.
[[nodiscard]] Result<http::Response> take_response(const Call& call);
/// `GET credentials/requests/{id}/result`: for whoever asked.
[[nodiscard]] Result<http::Response> show_result(const Call& call);

}  // namespace xl::gateway::credentials
