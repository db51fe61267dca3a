// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>
#include <string_view>

/// The clientDataJSON of a passkey assertion, for `webauthn.cpp` only.
namespace xl::crypto::detail {

/// The members that are checked (Web Authentication Level 2, §5.8.1).
struct ClientData {
  std::string type;
  std::string challenge;
  std::string origin;
  bool cross_origin = false;
};

/// Parses one JSON object (RFC 8259) whose values are strings, numbers, true, false or null: UTF-8,
/// no repeated name, at most `webauthn::client_data_members_max` members, nothing behind the
/// object. `type`, `challenge` and `origin` must be there as strings; `crossOrigin`, if there, must
/// be true or false. Other members are ignored. False for anything else. Every node must decide
/// alike, so this is ours and not a library's. Thread-safe.
[[nodiscard]] bool parse_client_data(std::string_view json, ClientData& out);

}  // namespace xl::crypto::detail
