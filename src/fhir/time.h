// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

/// The instants that a FHIR date stands for (FHIR R4 §3.1.1.4.7): what is not written is any.
namespace xl::fhir {

/// Both ends of an open period.
constexpr std::int64_t time_lowest_ms = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t time_highest_ms = std::numeric_limits<std::int64_t>::max();

/// Milliseconds since 1970-01-01T00:00:00Z, both ends included.
struct TimeRange {
  std::int64_t low = time_lowest_ms;
  std::int64_t high = time_highest_ms;

  /// True when no instant of `other` is outside this one.
  [[nodiscard]] bool contains(const TimeRange& other) const {
    return low <= other.low && other.high <= high;
  }
  bool operator==(const TimeRange&) const = default;
};

/// Reads a FHIR date, dateTime or instant (R4 §2.24.0.1): `YYYY`, `YYYY-MM`, `YYYY-MM-DD`, or a day
/// with `Thh:mm`, seconds, fraction and zone. Seconds and zone may be missing, as in searches; a
/// time without a zone, and a date, are of UTC. 2020 gives the whole year, `10:00:00` its 1000 ms,
/// `10:00:00.1` its 100 ms. Nothing for any other text, also for days that are not in the calendar.
/// Thread-safe.
[[nodiscard]] std::optional<TimeRange> time_range_of(std::string_view text);

}  // namespace xl::fhir
