// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string_view>

/// How members write where they are reached, one spelling each. Pure functions, thread-safe.
namespace xl::model {

/// True for `HOST:PORT` of a member's engine: at most `limits::member_address_bytes_max` bytes of
/// what host names and addresses are written with, port 1..65535 without leading zeros.
[[nodiscard]] bool is_engine_address(std::string_view text);

/// True for `http://HOST[:PORT]` or `https://HOST[:PORT]` of a member's gateway: at most
/// `limits::member_gateway_bytes_max` bytes, scheme and host in lower case, an IPv6 address in
/// brackets, port 1..65535 without leading zeros; no user, no path, no slash at the end. The empty
/// text is none.
[[nodiscard]] bool is_gateway_url(std::string_view text);

}  // namespace xl::model
