// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace xl::model::comet {

/// Time as CometBFT's headers and votes carry it: seconds since 1970 and nanoseconds.
struct Timestamp {
  /// Year 1, the zero time of Go, which absent votes carry.
  static constexpr std::int64_t zero_seconds = -62135596800;

  std::int64_t seconds = 0;
  std::int32_t nanos = 0;  ///< 0..999,999,999

  auto operator<=>(const Timestamp&) const = default;

  /// Milliseconds since 1970, rounded down. Precondition: not before 1970.
  [[nodiscard]] std::uint64_t milliseconds() const;
};

/// The time of milliseconds since 1970.
[[nodiscard]] Timestamp timestamp_from_ms(std::uint64_t milliseconds);

/// `2026-11-21T09:12:00.123Z` (RFC 3339, UTC, no trailing zeros in the fraction), years 1..9999.
[[nodiscard]] std::string to_rfc3339(const Timestamp& time);

/// Reads RFC 3339 in UTC (`Z`), with up to nine digits of fraction. Errors: receipt_malformed.
[[nodiscard]] Result<Timestamp> timestamp_from_rfc3339(std::string_view text);

}  // namespace xl::model::comet
