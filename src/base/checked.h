// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>

namespace xl {

/// Sets `out = a + b` and returns true, or returns false and leaves `out` alone on overflow.
template <typename Integer>
[[nodiscard]] constexpr bool checked_add(Integer a, Integer b, Integer& out) {
  static_assert(std::is_integral_v<Integer>);
  Integer sum{};
  if (__builtin_add_overflow(a, b, &sum)) return false;
  out = sum;
  return true;
}

/// Sets `out = a * b` and returns true, or returns false and leaves `out` alone on overflow.
template <typename Integer>
[[nodiscard]] constexpr bool checked_multiply(Integer a, Integer b, Integer& out) {
  static_assert(std::is_integral_v<Integer>);
  Integer product{};
  if (__builtin_mul_overflow(a, b, &product)) return false;
  out = product;
  return true;
}

/// `a + b`, or the largest value when that would overflow. For bounds, never for amounts.
template <typename Unsigned>
[[nodiscard]] constexpr Unsigned saturating_add(Unsigned a, Unsigned b) {
  static_assert(std::is_unsigned_v<Unsigned>);
  Unsigned sum{};
  return checked_add(a, b, sum) ? sum : std::numeric_limits<Unsigned>::max();
}

/// Decodes a decimal number of `text` without sign, leading zero or surrounding space.
/// False when the text is anything else or exceeds 64 bits.
[[nodiscard]] inline bool parse_decimal(std::string_view text, std::uint64_t& out) {
  if (text.empty() || text.size() > 20) return false;
  if (text.size() > 1 && text[0] == '0') return false;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    if (!checked_multiply<std::uint64_t>(value, 10, value)) return false;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (!checked_add<std::uint64_t>(value, digit, value)) return false;
  }
  out = value;
  return true;
}

}  // namespace xl
