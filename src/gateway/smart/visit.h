// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/services.h"
#include "gateway/smart/server.h"

namespace xl::gateway::smart {

constexpr std::size_t form_parameters_max = 64;
constexpr std::size_t form_bytes_max = 64 * 1024;

/// One request to one organisation's authorization server. It lives as long as the request.
struct Visit {
  const Services& services;
  custody::Organisation& organisation;
  House& house;
  const http::Request& request;
  const std::vector<std::string>& values;  ///< of the path behind the organisation
  std::string url;                         ///< `own_url`; empty: asked by a name not its own

  /// `http://host/o/{org}`, no slash at its end.
  [[nodiscard]] std::string address() const;
  /// The FHIR base: `http://host/o/{org}/fhir`.
  [[nodiscard]] std::string fhir_base() const { return address() + "/fhir"; }
  /// True for the FHIR base in either form: `http://host/fhir` is one where a node has one
  /// organisation. A slash at the end is nothing.
  [[nodiscard]] bool is_base(std::string_view text) const;
  [[nodiscard]] Desk& desk() const { return services.smart.desk(); }
};

/// Parameters of a query or a form, each of which may be sent once (RFC 6749 §3.1).
class Form {
 public:
  /// Of the request's query (GET) or form (POST). Errors: smart_request_invalid (repeated, too
  /// many, malformed), media_type_unsupported.
  [[nodiscard]] static Result<Form> of(const http::Request& request);
  /// Empty when it was not sent.
  [[nodiscard]] std::string text(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
};

/// A JSON answer that nobody keeps.
[[nodiscard]] http::Response secret_json(std::string body, unsigned status = 200);

/// The word of RFC 6749 §5.2 (and §4.1.2.1) for an error.
[[nodiscard]] std::string_view oauth_word(ErrorCode code);

/// `{"error", "error_description"}`: the description begins with the XL code.
[[nodiscard]] http::Response oauth_refusal(const Error& error);

/// Sends a browser elsewhere with GET (303).
[[nodiscard]] http::Response see_other(std::string location);

/// `uri` with parameters behind it.
[[nodiscard]] std::string with_query(
    std::string uri, const std::vector<std::pair<std::string_view, std::string>>& parameters);

/// The secret of the browser that asks, as its cookie has it; empty: it has none.
[[nodiscard]] std::string browser_secret(const http::Request& request);
/// Gives the browser this secret.
void set_browser_secret(const Visit& visit, std::string_view secret, http::Response& response);

/// For browsers' scripts: answers to a preflight, and what lets a registered app's scripts read the
/// answers of the FHIR server and of these endpoints (Fetch standard, CORS).
[[nodiscard]] bool is_preflight(const http::Request& request);
void add_cors(const Services& services, const http::Request& request, http::Response& response);

}  // namespace xl::gateway::smart
