// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/smart/visit.h"

#include <algorithm>
#include <array>

#include "base/json/writer.h"
#include "gateway/problem.h"

namespace xl::gateway::smart {
namespace {

constexpr std::string_view cookie_name = "xl_smart";
constexpr std::size_t cookie_secret_length = 43;

struct OauthWord {
  ErrorCode code;
  std::string_view word;
};
constexpr auto oauth_words = std::to_array<OauthWord>({
    {ErrorCode::smart_client_unknown, "invalid_client"},
    {ErrorCode::smart_client_refused, "invalid_client"},
    {ErrorCode::smart_grant_invalid, "invalid_grant"},
    {ErrorCode::sign_in_over, "invalid_grant"},
    {ErrorCode::sign_in_refused, "invalid_grant"},
    {ErrorCode::smart_scope_invalid, "invalid_scope"},
    {ErrorCode::smart_grant_unsupported, "unsupported_grant_type"},
    {ErrorCode::smart_consent_refused, "access_denied"},
    {ErrorCode::smart_context_invalid, "access_denied"},
    {ErrorCode::smart_login_refused, "access_denied"},
    {ErrorCode::smart_requests_exceeded, "temporarily_unavailable"},
    {ErrorCode::sign_ins_exceeded, "temporarily_unavailable"},
});

/// `/o/{org}/fhir`, `/o/{org}/oauth` and what is below; `/fhir` of a node of one organisation.
custody::Organisation* organisation_at(const Services& services, std::string_view path) {
  std::string_view rest = path;
  if (rest.starts_with("/o/")) {
    rest.remove_prefix(3);
    const std::size_t slash = rest.find('/');
    if (slash == std::string_view::npos) return nullptr;
    const auto found = organisation_of(services, rest.substr(0, slash));
    rest.remove_prefix(slash);
    const bool ours = rest == "/fhir" || rest.starts_with("/fhir/") || rest.starts_with("/oauth/");
    return ours && found.ok() ? *found : nullptr;
  }
  const bool only = services.custody.organisations().size() == 1;
  const bool ours = rest == "/fhir" || rest.starts_with("/fhir/");
  return only && ours ? services.custody.organisations().front().get() : nullptr;
}

}  // namespace

std::string Visit::address() const { return url + "/o/" + organisation.did().text(); }

bool Visit::is_base(std::string_view text) const {
  if (text.ends_with('/')) text.remove_suffix(1);
  if (text == fhir_base()) return true;
  return services.custody.organisations().size() == 1 && text == url + "/fhir";
}

Result<Form> Form::of(const http::Request& request) {
  Form out;
  if (request.method == "GET" || request.method == "HEAD") {
    out.parameters_ = request.query;
  } else {
    if (!request.header("content-type").starts_with("application/x-www-form-urlencoded")) {
      return make_error(ErrorCode::media_type_unsupported);
    }
    http::Request form;
    if (request.body.size() > form_bytes_max || !http::split_target("/?" + request.body, form)) {
      return make_error(ErrorCode::smart_request_invalid, "the form");
    }
    out.parameters_ = std::move(form.query);
  }
  if (out.parameters_.size() > form_parameters_max) {
    return make_error(ErrorCode::smart_request_invalid, "too many parameters");
  }
  for (auto one = out.parameters_.begin(); one != out.parameters_.end(); ++one) {
    const bool twice = std::any_of(out.parameters_.begin(), one,
                                   [&](const auto& other) { return other.first == one->first; });
    if (twice) return make_error(ErrorCode::smart_request_invalid, "a repeated parameter");
  }
  return out;
}

std::string Form::text(std::string_view name) const {
  for (const auto& [key, value] : parameters_) {
    if (key == name) return value;
  }
  return {};
}

bool Form::has(std::string_view name) const {
  return std::any_of(parameters_.begin(), parameters_.end(),
                     [&](const auto& one) { return one.first == name; });
}

http::Response secret_json(std::string body, unsigned status) {
  http::Response out;
  out.status = status;
  out.body = std::move(body);
  out.headers["cache-control"] = "no-store";
  out.headers["pragma"] = "no-cache";
  return out;
}

std::string_view oauth_word(ErrorCode code) {
  for (const OauthWord& one : oauth_words) {
    if (one.code == code) return one.word;
  }
  return status_of(code) >= 500 ? "server_error" : "invalid_request";
}

http::Response oauth_refusal(const Error& error) {
  const std::string_view word = oauth_word(error.code);
  unsigned status = status_of(error.code);
  if (word == "invalid_client") status = 401;
  if (word == "invalid_grant" || (word == "invalid_request" && status != 421 && status != 429)) {
    status = 400;
  }
  json::Writer out;
  out.begin_object().key("error").string(word);
  out.key("error_description").string(error.text()).end_object();
  http::Response response = secret_json(out.take(), status);
  if (status == 401) response.headers["www-authenticate"] = "Bearer";
  return response;
}

http::Response see_other(std::string location) {
  http::Response out;
  out.status = 303;
  out.content_type = "text/plain";
  out.headers["location"] = std::move(location);
  out.headers["cache-control"] = "no-store";
  out.headers["referrer-policy"] = "no-referrer";
  return out;
}

std::string with_query(std::string uri,
                       const std::vector<std::pair<std::string_view, std::string>>& parameters) {
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    uri += uri.find('?') == std::string::npos ? '?' : '&';
    uri += http::percent_encode(name) + "=" + http::percent_encode(value);
  }
  return uri;
}

std::string browser_secret(const http::Request& request) {
  std::string_view rest = request.header("cookie");
  while (!rest.empty()) {
    const std::size_t end = rest.find(';');
    std::string_view one = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    while (one.starts_with(' ')) one.remove_prefix(1);
    const std::size_t equals = one.find('=');
    if (equals == std::string_view::npos || one.substr(0, equals) != cookie_name) continue;
    const std::string_view secret = one.substr(equals + 1);
    Bytes bytes;
    if (secret.size() == cookie_secret_length && from_base64url(secret, bytes)) {
      return std::string(secret);
    }
  }
  return {};
}

void set_browser_secret(const Visit& visit, std::string_view secret, http::Response& response) {
  const std::string address = visit.address();
  std::string cookie = std::string(cookie_name) + "=" + std::string(secret) + "; Path=/o/" +
                       visit.organisation.did().text() +
                       "/oauth; HttpOnly; SameSite=Lax; Max-Age=3600";
  if (address.starts_with("https://")) cookie += "; Secure";
  response.headers["set-cookie"] = std::move(cookie);
}

bool is_preflight(const http::Request& request) {
  return request.method == "OPTIONS" && !request.header("origin").empty() &&
         !request.header("access-control-request-method").empty();
}

void add_cors(const Services& services, const http::Request& request, http::Response& response) {
  const std::string_view origin = request.header("origin");
  if (origin.empty()) return;
  custody::Organisation* organisation = organisation_at(services, request.path);
  if (organisation == nullptr) return;
  response.headers["vary"] = "Origin";
  if (!services.smart.house(organisation->did()).registry->knows_origin(origin)) return;
  response.headers["access-control-allow-origin"] = origin;
  response.headers["access-control-expose-headers"] =
      "ETag, Last-Modified, Link, Location, Retry-After, WWW-Authenticate, X-Security-Context";
  if (!is_preflight(request)) return;
  response.status = 204;
  response.body.clear();
  response.headers["access-control-allow-methods"] = "GET, HEAD, POST, PUT, PATCH, DELETE";
  response.headers["access-control-allow-headers"] =
      "Accept, Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Exist, "
      "If-None-Match, Prefer, X-Emergency-Entry, X-Purpose-Of-Use, X-Security-Context";
  response.headers["access-control-max-age"] = "600";
}

}  // namespace xl::gateway::smart
