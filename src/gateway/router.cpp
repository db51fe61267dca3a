// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/router.h"

#include <algorithm>

#include "gateway/fhir/reply.h"
#include "gateway/problem.h"

namespace xl::gateway {
namespace {

/// Takes the first segment off `rest`, which starts with '/'.
std::string_view next_segment(std::string_view& rest) {
  rest.remove_prefix(1);
  const std::size_t slash = rest.find('/');
  const std::string_view segment = rest.substr(0, slash);
  rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash);
  return segment;
}

/// Adds to the value of an Allow header.
void add_method(std::string& allowed, const std::string& method) {
  if (allowed.find(method) != std::string::npos) return;
  allowed += (allowed.empty() ? "" : ", ") + method;
}

/// A misspelt parameter would be passed over in silence. Names only what is known: what was sent
/// may be anything.
Status check_query(const Route& route, const http::Request& request) {
  if (!route.about || route.about->any_query) return {};
  const auto& known = route.about->query;
  for (const auto& [name, value] : request.query) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    std::string names;
    for (const std::string_view one : known) names += " " + std::string(one);
    return make_error(ErrorCode::parameter_invalid,
                      "the query; known here:" + (names.empty() ? " none" : names));
  }
  return {};
}

}  // namespace

void Router::add(Route route) { routes_.push_back(std::move(route)); }

bool Router::match(std::string_view pattern, std::string_view path, PathValues& values,
                   int& literals) {
  values.clear();
  literals = 0;
  while (!pattern.empty()) {
    if (pattern.ends_with("*}") && pattern.find('/', 1) == std::string_view::npos) {
      values.emplace_back(path);
      return true;
    }
    if (path.empty()) return false;
    const std::string_view wanted = next_segment(pattern);
    const std::string_view given = next_segment(path);
    if (wanted.starts_with('{')) {
      if (given.empty()) return false;
      values.emplace_back(given);
    } else if (wanted == given) {
      ++literals;
    } else {
      return false;
    }
  }
  return path.empty();
}

http::Response Router::handle(const http::Request& request, std::string_view* pattern) const {
  const Route* best = nullptr;
  PathValues best_values;
  int most_literals = -1;
  std::string allowed;
  const std::string_view method =
      request.method == "HEAD" ? std::string_view("GET") : std::string_view(request.method);
  for (const Route& route : routes_) {
    PathValues values;
    int literals = 0;
    if (!match(route.pattern, request.path, values, literals)) continue;
    // What is said of a place in so many words is all that is said of it, whatever the method.
    if (literals < most_literals) continue;
    if (literals > most_literals) {
      best = nullptr;
      allowed.clear();
      most_literals = literals;
    }
    if (route.method != method) {
      add_method(allowed, route.method);
      if (route.method == "GET") add_method(allowed, "HEAD");
      continue;
    }
    if (best != nullptr) continue;  // the first of two that are alike
    best = &route;
    best_values = std::move(values);
  }
  if (best == nullptr) {
    const unsigned status = allowed.empty() ? 404 : 405;
    const ErrorCode code =
        allowed.empty() ? ErrorCode::route_unknown : ErrorCode::method_not_allowed;
    auto response = fhir::refusal_at(request.path, status, make_error(code), request.id);
    if (allowed.empty()) return response;
    response.headers["allow"] = allowed;
    return response;
  }
  if (pattern != nullptr) *pattern = best->pattern;
  Status allowed_in;
  if (best->access == Access::signed_in) allowed_in = guard_(request);
  if (allowed_in.ok()) allowed_in = check_query(*best, request);
  auto response = allowed_in.ok() ? best->handler(request, best_values)
                                  : Result<http::Response>(allowed_in.error());
  if (response.ok()) return std::move(*response);
  const Error& error = response.error();
  const auto archives = archives_ ? archives_(error.code) : std::vector<std::string>{};
  return fhir::refusal_at(request.path, status_of(error.code), error, request.id, archives);
}

http::Response json_response(std::string body, unsigned status) {
  http::Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

}  // namespace xl::gateway
