// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// links: gateway
//
// Goal: nothing that apps and outside providers send to the authorization server makes it crash,
// hang or widen a scope. Method: the first line is scopes asked for, the second scopes allowed, the
// third a token, the rest a JWK set; what is read is written and read again.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "credentials/jwt.h"
#include "gateway/smart/scopes.h"

namespace {

namespace smart = xl::gateway::smart;

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

/// What is within bounds stays within them, and its text says the same.
void check_scopes(const smart::Scopes& wanted, const smart::Scopes& allowed) {
  const std::string text = smart::scopes_text(wanted);
  if (text.size() <= smart::scope_text_bytes_max) {
    const auto again = smart::parse_scopes(text);
    XL_CHECK(again.ok() && smart::scopes_text(*again) == text);
  }
  const smart::Scopes narrow = smart::within(wanted, allowed);
  const std::string narrowed = smart::scopes_text(narrow);
  XL_CHECK(smart::scopes_text(smart::within(narrow, allowed)) == narrowed);
  for (const smart::ResourceScope& one : narrow.resources) {
    if (one.type == "*") continue;
    for (const std::uint8_t permission : {smart::may_create, smart::may_read, smart::may_update,
                                          smart::may_delete, smart::may_search}) {
      if ((one.permissions & permission) == 0) continue;
      XL_CHECK(wanted.allow(one.type, permission) && allowed.allow(one.type, permission));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const auto wanted = smart::parse_scopes(take_line(rest));
  const auto allowed = smart::parse_scopes(take_line(rest));
  if (wanted.ok() && allowed.ok()) check_scopes(*wanted, *allowed);
  const auto token = xl::credentials::read_jwt(take_line(rest));
  const auto document = xl::json::parse(rest, {});
  if (!document.ok()) return 0;
  const auto keys = xl::credentials::read_jwks(document->root(), false);
  (void)xl::credentials::read_jwks(document->root(), true);
  if (keys.ok()) XL_CHECK(keys->size() <= xl::credentials::jwks_keys_max);
  if (token.ok() && keys.ok()) (void)xl::credentials::verify(*token, *keys);
  return 0;
}
