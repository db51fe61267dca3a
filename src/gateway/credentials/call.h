// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>

#include "gateway/router.h"
#include "gateway/services.h"

namespace xl::gateway::credentials {

/// One request to one organisation as an issuer or a verifier. It lives as long as the request.
struct Call {
  const Services& services;
  custody::Organisation& organisation;
  const http::Request& request;
  const PathValues& values;  ///< of the path, the organisation first
  std::string url;           ///< `own_url` of the node

  /// `http://host/o/{org}`: the issuer's identifier (OID4VCI 1.0 §12.2).
  [[nodiscard]] std::string address() const { return url + "/o/" + organisation.did().text(); }
  [[nodiscard]] std::uint64_t now_ms() const { return services.clock.now_ms(); }
  [[nodiscard]] Desk& desk() const { return services.credentials.desk(); }
};

/// Who signed in as the organisation itself, or as its software. Errors: role_refused, those of
/// `Tokens::principal_of`.
[[nodiscard]] Result<custody::Principal> own_principal(const Call& call);

/// The body of a request as JSON, at most 64 KiB. Errors: json_invalid, json_too_large.
[[nodiscard]] Result<json::Document> json_body_of(const Call& call);

/// A refusal in the form of OAuth (RFC 6749 §5.2) with the words of OID4VCI and OID4VP.
[[nodiscard]] http::Response protocol_refusal(const Error& error);

/// How the organisation's key is named in what it signs.
[[nodiscard]] std::string own_key_url(const custody::Organisation& organisation);

}  // namespace xl::gateway::credentials
