// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace xl::fhir::fhirpath {

/// A Date, DateTime or Time of FHIRPath: as precise as it was written.
struct Temporal {
  enum class Kind : std::uint8_t { date, date_time, time };
  /// How much is written; what follows is not known.
  enum class Precision : std::uint8_t { none, year, month, day, hour, minute, second, millisecond };

  Kind kind = Kind::date;
  Precision precision = Precision::none;
  std::int32_t year = 1;
  std::int32_t month = 1;
  std::int32_t day = 1;
  std::int32_t hour = 0;
  std::int32_t minute = 0;
  std::int32_t second = 0;
  std::int32_t millisecond = 0;
  std::int32_t fraction_digits = 0;               ///< of the second, as written; 0..9, kept to 3
  std::optional<std::int32_t> zone_minutes = {};  ///< east of UTC
};

/// `2015`, `2015-02`, `2015-02-04`. Nothing for another form and for days that do not exist.
/// Thread-safe, as are all below.
[[nodiscard]] std::optional<Temporal> read_date(std::string_view text);
/// A date with `T`, and a time with or without a zone behind it. Without `T` the date alone.
[[nodiscard]] std::optional<Temporal> read_date_time(std::string_view text);
/// `14`, `14:30`, `14:30:05.25`.
[[nodiscard]] std::optional<Temporal> read_time(std::string_view text);
/// As it is read; a DateTime without a time ends with `T` only when `literal`.
[[nodiscard]] std::string moment_text(const Temporal& value, bool literal = false);

/// -1, 0, 1; nothing when that depends on what is not written. Precondition: both are times of the
/// day, or neither is.
[[nodiscard]] std::optional<int> compare(const Temporal& a, const Temporal& b);

/// Steps of a calendar.
enum class Span : std::uint8_t { year, month, week, day, hour, minute, second, millisecond };
/// `value` moved by `count` whole steps, kept as precise as it is. Nothing when it leaves the years
/// 1 to 9999.
[[nodiscard]] std::optional<Temporal> moved(const Temporal& value, std::int64_t count, Span span);

/// Milliseconds since 1970 as a DateTime of UTC.
[[nodiscard]] Temporal date_time_of(std::int64_t unix_ms);

/// The number of days of a month.
[[nodiscard]] std::int32_t days_in(std::int32_t year, std::int32_t month);

}  // namespace xl::fhir::fhirpath
