// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/http/parse.h"

namespace xl::gateway::http {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string_view std_view(boost::beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

void bound(Parser& parser, const ServerOptions& options) {
  parser.header_limit(static_cast<std::uint32_t>(options.header_bytes_max));
  parser.body_limit(options.body_bytes_max);
}

bool convert(Parser::value_type& in, Request& out) {
  out.method = std::string(std_view(in.method_string()));
  if (!split_target(std_view(in.target()), out)) return false;
  for (const auto& field : in) {
    const std::string name = lower(std_view(field.name_string()));
    const bool once = name == "authorization" || name == "cookie" || name == "host";
    if (once && out.headers.contains(name)) return false;
    out.headers.insert_or_assign(name, std::string(std_view(field.value())));
  }
  out.body = std::move(in.body());
  return true;
}

}  // namespace xl::gateway::http
