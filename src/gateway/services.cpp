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

std::string base_url(const Services& services, const http::Request& request) {
  return services.public_url.empty() ? asked_url(request) : services.public_url;
}

}  // namespace xl::gateway
