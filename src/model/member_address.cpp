// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "model/member_address.h"

#include <algorithm>

#include "base/checked.h"
#include "model/limits.h"

namespace xl::model {
namespace {

bool is_port(std::string_view text) {
  std::uint64_t port = 0;
  return parse_decimal(text, port) && port > 0 && port <= 65535;
}

bool is_made_of(std::string_view text, std::string_view allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == text.npos;
}

/// A name, an IPv4 address or an IPv6 address in brackets, in lower case.
bool is_lower_host(std::string_view text) {
  if (text.starts_with('[')) {
    return text.ends_with(']') && is_made_of(text.substr(1, text.size() - 2), "0123456789abcdef:.");
  }
  const bool ends_well = text != "." && !text.starts_with('.') && !text.starts_with('-') &&
                         !text.ends_with('-') && text.find("..") == text.npos;
  return ends_well && is_made_of(text, "abcdefghijklmnopqrstuvwxyz0123456789.-");
}

}  // namespace

bool is_engine_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (text.size() > limits::member_address_bytes_max || colon == text.npos) return false;
  constexpr std::string_view allowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:-[]";
  return is_made_of(text.substr(0, colon), allowed) && is_port(text.substr(colon + 1));
}

bool is_gateway_url(std::string_view text) {
  if (text.size() > limits::member_gateway_bytes_max) return false;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!text.starts_with(scheme)) continue;
    const std::string_view place = text.substr(scheme.size());
    const std::size_t colon = place.rfind(':');
    const bool has_port = colon != place.npos && !place.ends_with(']');
    return is_lower_host(place.substr(0, has_port ? colon : place.size())) &&
           (!has_port || is_port(place.substr(colon + 1)));
  }
  return false;
}

}  // namespace xl::model
