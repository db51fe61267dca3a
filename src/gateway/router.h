// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <functional>
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

/// One route: method, pattern such as `/ledger/v1/receipts/{id}`, and one sentence of what it does.
struct Route {
  std::string method;
  std::string pattern;
  std::string summary;
  RouteHandler handler;
  Access access = Access::anyone;
};

/// Finds the route of a request. Patterns are matched segment by segment; a literal wins over a
/// `{name}`; a last segment `{name*}` takes the rest of the path. Thread-safe once built.
class Router {
 public:
  void add(Route route);
  /// What tells whether a request is signed in. Set before the first request.
  void set_guard(std::function<Status(const http::Request&)> guard) { guard_ = std::move(guard); }
  /// Errors become problems: route_unknown (404), method_not_allowed (405 with Allow). `pattern`
  /// (may be null) gets that of the route, which lives as long as the router; empty without one.
  [[nodiscard]] http::Response handle(const http::Request& request,
                                      std::string_view* pattern = nullptr) const;
  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

 private:
  [[nodiscard]] static bool match(std::string_view pattern, std::string_view path,
                                  PathValues& values, int& literals);
  std::vector<Route> routes_;
  std::function<Status(const http::Request&)> guard_;
};

/// A JSON answer.
[[nodiscard]] http::Response json_response(std::string body, unsigned status = 200);

}  // namespace xl::gateway
