// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/http/parse.h"

#include <algorithm>
#include <array>

namespace xl::gateway::http {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

/// What may occur once: who and where, why and by which right, how long and of what form a body is,
/// and on which condition. A list header that only chooses among forms may be repeated.
constexpr auto single_headers = std::to_array<std::string_view>(
    {"authorization", "content-encoding", "content-length", "content-type", "cookie", "expect",
     "host", "if-match", "if-modified-since", "if-none-exist", "if-none-match", "if-range",
     "if-unmodified-since", "last-event-id", "range", "transfer-encoding", "x-emergency-entry",
     "x-purpose-of-use", "x-security-context"});

bool is_single(std::string_view name) {
  return std::find(single_headers.begin(), single_headers.end(), name) != single_headers.end();
}

std::string_view std_view(boost::beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

void bound(Parser& parser, const ServerOptions& options) {
  parser.header_limit(static_cast<std::uint32_t>(options.header_bytes_max));
  parser.body_limit(options.body_bytes_max);
}

Status convert(Parser::value_type& in, Request& out) {
  out.method = std::string(std_view(in.method_string()));
  if (!split_target(std_view(in.target()), out)) return make_error(ErrorCode::request_malformed);
  for (const auto& field : in) {
    const std::string name = lower(std_view(field.name_string()));
    const auto [place, fresh] = out.headers.emplace(name, std_view(field.value()));
    if (fresh) continue;
    if (is_single(name)) return make_error(ErrorCode::header_repeated, name);
    place->second += ", ";
    place->second += std_view(field.value());
  }
  // RFC 9112 §6.1 and §6.3: a body whose end is not known must not be taken for a next request.
  const auto coding = out.headers.find("transfer-encoding");
  if (coding != out.headers.end() && lower(coding->second) != "chunked") {
    return make_error(ErrorCode::request_malformed, "Transfer-Encoding other than chunked");
  }
  // RFC 9112 §3.2.
  if (in.version() >= 11 && !out.headers.contains("host")) {
    return make_error(ErrorCode::request_malformed, "no Host header");
  }
  out.body = std::move(in.body());
  return {};
}

}  // namespace xl::gateway::http
