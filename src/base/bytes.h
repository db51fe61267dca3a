// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace xl {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;
/// A 32-byte digest (SHA-256 in suite 1).
using Hash = std::array<std::uint8_t, 32>;

/// Views the bytes of a text without copying. The view lives as long as the text.
[[nodiscard]] inline ByteView view_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// Views bytes as text without copying or checking UTF-8. Lives as long as the bytes.
[[nodiscard]] inline std::string_view text_of(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Copies a view into owned bytes.
[[nodiscard]] inline Bytes copy_of(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

/// True when both views hold the same bytes. Not constant-time: never for secrets.
[[nodiscard]] inline bool equal(ByteView a, ByteView b) { return text_of(a) == text_of(b); }

/// Appends `bytes` to `out`.
inline void append(Bytes& out, ByteView bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

/// Appends an unsigned integer, big-endian, in exactly `sizeof(value)` bytes.
template <typename Unsigned>
void append_be(Bytes& out, Unsigned value) {
  static_assert(std::is_unsigned_v<Unsigned>);
  for (int shift = (static_cast<int>(sizeof(Unsigned)) - 1) * 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}

/// Reads a big-endian unsigned integer from the first `sizeof(Unsigned)` bytes of `bytes`.
/// Precondition: `bytes` is at least that long.
template <typename Unsigned>
[[nodiscard]] Unsigned read_be(ByteView bytes) {
  static_assert(std::is_unsigned_v<Unsigned>);
  Unsigned value = 0;
  for (std::size_t i = 0; i < sizeof(Unsigned); ++i) {
    value = static_cast<Unsigned>((static_cast<std::uint64_t>(value) << 8) | bytes[i]);
  }
  return value;
}

/// Lower-case hexadecimal, two digits per byte.
[[nodiscard]] std::string to_hex(ByteView bytes);

/// Decodes lower-case hexadecimal of even length. False when `text` is anything else.
[[nodiscard]] bool from_hex(std::string_view text, Bytes& out);

/// Decodes exactly 64 such digits into a digest. False otherwise.
[[nodiscard]] bool from_hex(std::string_view text, Hash& out);

/// Base64 with `+/` and padding (RFC 4648 §4).
[[nodiscard]] std::string to_base64(ByteView bytes);

/// Base64url without padding (RFC 4648 §5), the form JOSE uses.
[[nodiscard]] std::string to_base64url(ByteView bytes);

/// Decodes RFC 4648 §4 base64. Strict: alphabet, padding and unused bits must be canonical.
[[nodiscard]] bool from_base64(std::string_view text, Bytes& out);

/// Decodes RFC 4648 §5 base64url without padding. Strict as `from_base64`.
[[nodiscard]] bool from_base64url(std::string_view text, Bytes& out);

}  // namespace xl
