// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gateway/http/message.h"

namespace xl::gateway {

/// The values of a pattern's `{name}` segments, in the order of the pattern.
using PathValues = std::vector<std::string>;
/// A handler returns the response or an error, which becomes a problem (`problem.h`).
using RouteHandler =
    std::function<Result<http::Response>(const http::Request& request, const PathValues& values)>;

/// Who may ask: a route for those who signed in answers others 401.
enum class Access : std::uint8_t { anyone, signed_in };

/// What the description of the API says of a route beside its path.
struct RouteDoc {
  std::vector<std::string_view> query{};  ///< names of its query parameters: others are refused
  bool any_query = false;                 ///< others are passed over (OAuth: RFC 6749 §3.1)
  std::vector<std::string_view> body_media{};  ///< media types of its body; none: it takes none
  std::string_view body{};                     ///< of a JSON body: a schema of openapi_schemas.def
  unsigned status = 200;                       ///< of success
  std::string_view media = "application/json";
  std::string_view answer{};  ///< of a JSON answer: a schema of openapi_schemas.def
  /// Of what tells of a refusal, beside problems: pages, errors of OAuth.
  std::vector<std::string_view> refusal_media{};
};

/// One route: method, pattern such as `/ledger/v1/receipts/{id}`, and one sentence of what it does.
struct Route {
  std::string method;
  std::string pattern;
  std::string summary;
  RouteHandler handler;
  Access access = Access::anyone;
  /// Nothing: a face with a description of its own, which takes any query.
  std::optional<RouteDoc> about = std::nullopt;
};

/// Finds the route of a request. Patterns are matched segment by segment; a literal wins over a
/// `{name}`; a last segment `{name*}` takes the rest of the path. Thread-safe once built.
class Router {
 public:
  void add(Route route);
  /// What tells whether a request is signed in. Set before the first request.
  void set_guard(std::function<Status(const http::Request&)> guard) { guard_ = std::move(guard); }
  /// What names the gateways to ask for what failed here with a code. Set before the first request.
  void set_archives(std::function<std::vector<std::string>(ErrorCode)> archives) {
    archives_ = std::move(archives);
  }
  /// Errors become problems: route_unknown (404), method_not_allowed (405 with Allow),
  /// parameter_invalid (400: a query parameter that the route does not declare). `pattern`
  /// (may be null) gets that of the route, which lives as long as the router; empty without one.
  [[nodiscard]] http::Response handle(const http::Request& request,
                                      std::string_view* pattern = nullptr) const;
  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

 private:
  [[nodiscard]] static bool match(std::string_view pattern, std::string_view path,
                                  PathValues& values, int& literals);
  std::vector<Route> routes_;
  std::function<Status(const http::Request&)> guard_;
  std::function<std::vector<std::string>(ErrorCode)> archives_;
};

/// A JSON answer.
[[nodiscard]] http::Response json_response(std::string body, unsigned status = 200);

}  // namespace xl::gateway
