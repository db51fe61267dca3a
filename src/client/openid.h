// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "client/http_client.h"
#include "client/wallet.h"
#include "credentials/dcql.h"
#include "model/genesis.h"

/// A wallet's side of OID4VCI 1.0 and OID4VP 1.0.
namespace xl::client {

/// Connects to the server of a URL. Errors: usage_invalid.
using Connect = std::function<Result<HttpClient>(const std::string& base)>;

/// The server's part of a URL, and the rest of it. Errors: usage_invalid.
struct UrlParts {
  std::string base;
  std::string target;
};
[[nodiscard]] Result<UrlParts> split_url(const std::string& url);

/// The value of a parameter of a link (`openid4vp://?…`), decoded; empty: it has none.
[[nodiscard]] std::string link_parameter(std::string_view link, std::string_view name);

/// An offer as the issuer has it.
struct OfferTold {
  std::string issuer;  ///< its identifier, a URL
  std::string type;    ///< credential configuration
  std::string code;
  bool wants_tx_code = false;
};

/// Reads an offer: `openid-credential-offer://?credential_offer_uri=…`, `…?credential_offer=…`, or
/// the offer's URL alone. Errors: credential_offer_unknown, those of connecting.
[[nodiscard]] Result<OfferTold> read_offer(const Connect& connect, const std::string& link);

/// Takes the credential: token, nonce, a proof with `key`, the credential. Errors:
/// credential_grant_invalid and what else the issuer says, answer_unexpected.
[[nodiscard]] Result<std::string> accept_offer(const Connect& connect, const OfferTold& offer,
                                               const std::string& tx_code,
                                               const crypto::SigningKey& key, const Clock& clock);

/// A verifier's request, believed for its signature.
struct RequestTold {
  std::string client_id;
  model::Id verifier;
  std::string response_uri;
  std::string nonce;
  std::string state;
  std::vector<credentials::CredentialQuery> queries;
};

/// Fetches a request object and checks that the verifier's key on the ledger signed it: the key is
/// proved with the genesis by `ledger`, a node. Errors: presentation_request_unknown,
/// presentation_invalid, credential_query_unsupported.
[[nodiscard]] Result<RequestTold> read_request(const Connect& connect, const std::string& link,
                                               HttpClient& ledger, const model::Genesis& genesis,
                                               const Clock& clock);

/// What is shown for one query: the credential with the asked claims alone, bound to the request.
/// Errors: credential_claim_hidden, those of the wallet.
[[nodiscard]] Result<std::string> present_for(const RequestTold& request,
                                              const credentials::CredentialQuery& query,
                                              const Held& held, const Wallet& wallet,
                                              const Clock& clock);

/// Sends presentations, one for each query in its order. Errors: what the verifier says.
[[nodiscard]] Status answer_request(const Connect& connect, const RequestTold& request,
                                    const std::vector<std::string>& presentations);

}  // namespace xl::client
