// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/services.h"

#include <algorithm>

namespace xl::gateway {

Result<custody::Organisation*> organisation_of(const Services& services, std::string_view text) {
  const auto id =
      text.starts_with(model::did_prefix) ? model::id_from_did(text) : model::id_from_text(text);
  custody::Organisation* found = id.ok() ? services.custody.find(*id) : nullptr;
  if (found == nullptr) return make_error(ErrorCode::organisation_unknown);
  return found;
}

std::string asked_url(const http::Request& request) {
  const std::string_view host = request.header("host");
  const bool plain = !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == ':' || c == '-' || c == '[' || c == ']';
  });
  return plain ? (request.secure ? "https://" : "http://") + std::string(host) : std::string();
}

Result<std::string> own_url(const Services& services, const http::Request& request) {
  if (!services.public_url.empty()) return services.public_url;
  std::string host(request.header("host"));
  std::transform(host.begin(), host.end(), host.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const std::size_t colon = request.local.rfind(':');
  if (host.empty() || colon == std::string::npos) return make_error(ErrorCode::host_unknown);
  const std::string here = request.local.substr(0, colon);
  const std::string port = request.local.substr(colon);
  const bool is_default = port == (request.secure ? ":443" : ":80");
  const auto is_ours = [&](std::string_view name) {
    return host == std::string(name) + port || (is_default && host == name);
  };
  const bool loopback = here.starts_with("127.") || here == "[::1]";
  if (is_ours(here) ||
      (loopback && (is_ours("localhost") || is_ours("127.0.0.1") || is_ours("[::1]")))) {
    return (request.secure ? "https://" : "http://") + host;
  }
  return make_error(ErrorCode::host_unknown);
}

std::string base_url(const Services& services, const http::Request& request) {
  return services.public_url.empty() ? asked_url(request) : services.public_url;
}

}  // namespace xl::gateway
