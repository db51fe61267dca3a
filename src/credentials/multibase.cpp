// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "credentials/multibase.h"

#include <algorithm>

namespace xl::credentials {
namespace {

constexpr std::string_view base58_alphabet =
    "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

}  // namespace

std::string to_base58(ByteView bytes) {
  Bytes digits;  // least significant first
  for (const std::uint8_t byte : bytes) {
    std::uint32_t carry = byte;
    for (std::uint8_t& digit : digits) {
      carry += static_cast<std::uint32_t>(digit) << 8U;
      digit = static_cast<std::uint8_t>(carry % 58);
      carry /= 58;
    }
    for (; carry != 0; carry /= 58) digits.push_back(static_cast<std::uint8_t>(carry % 58));
  }
  std::string out;
  for (const std::uint8_t byte : bytes) {
    if (byte != 0) break;
    out += base58_alphabet[0];
  }
  std::for_each(digits.rbegin(), digits.rend(),
                [&](std::uint8_t digit) { out += base58_alphabet[digit]; });
  return out;
}

bool from_base58(std::string_view text, Bytes& out) {
  if (text.size() > base58_bytes_max) return false;
  Bytes bytes;  // least significant first
  for (const char c : text) {
    const std::size_t value = base58_alphabet.find(c);
    if (value == std::string_view::npos) return false;
    auto carry = static_cast<std::uint32_t>(value);
    for (std::uint8_t& byte : bytes) {
      carry += static_cast<std::uint32_t>(byte) * 58;
      byte = static_cast<std::uint8_t>(carry);
      carry >>= 8U;
    }
    for (; carry != 0; carry >>= 8U) bytes.push_back(static_cast<std::uint8_t>(carry));
  }
  const std::size_t zeros = std::min(text.find_first_not_of(base58_alphabet[0]), text.size());
  out.assign(zeros, 0);
  out.insert(out.end(), bytes.rbegin(), bytes.rend());
  return true;
}

bool from_multibase(std::string_view text, Bytes& out) {
  if (text.starts_with('z')) return from_base58(text.substr(1), out);
  return text.starts_with('u') && from_base64url(text.substr(1), out);
}

}  // namespace xl::credentials
