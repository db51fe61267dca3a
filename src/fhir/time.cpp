// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "fhir/time.h"

#include <chrono>

namespace xl::fhir {
namespace {

constexpr std::int64_t ms_per_day = 24LL * 60 * 60 * 1000;
constexpr std::int64_t ms_per_minute = 60LL * 1000;
constexpr unsigned zone_minutes_max = 14 * 60;  // R4: -12:00 to +14:00, both ways accepted

/// Reads a text from left to right; a step that does not fit leaves it where it was.
class TimeReader {
 public:
  explicit TimeReader(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool done() const { return rest_.empty(); }
  [[nodiscard]] bool skip(char wanted) {
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// Exactly `digits` digits with a value in `low`..`high`.
  [[nodiscard]] std::optional<unsigned> number(std::size_t digits, unsigned low, unsigned high) {
    if (rest_.size() < digits) return std::nullopt;
    unsigned value = 0;
    for (const char c : rest_.substr(0, digits)) {
      if (c < '0' || c > '9') return std::nullopt;
      value = value * 10 + static_cast<unsigned>(c - '0');
    }
    if (value < low || value > high) return std::nullopt;
    rest_.remove_prefix(digits);
    return value;
  }
  /// One or more digits behind the decimal point, as the milliseconds they cover.
  [[nodiscard]] std::optional<TimeRange> fraction() {
    std::int64_t low = 0;
    std::int64_t unit = 1000;
    std::size_t digits = 0;
    while (digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9') {
      if (unit > 1) {  // what is finer than a millisecond is inside it
        unit /= 10;
        low += unit * (rest_[digits] - '0');
      }
      ++digits;
    }
    if (digits == 0) return std::nullopt;
    rest_.remove_prefix(digits);
    return TimeRange{low, low + unit - 1};
  }

 private:
  std::string_view rest_;
};

std::int64_t start_of_day(unsigned year, unsigned month, unsigned day) {
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)),
                                         std::chrono::month(month), std::chrono::day(day)};
  return std::chrono::sys_days(date).time_since_epoch().count() * ms_per_day;
}

/// The minutes to subtract for UTC; 0 when no zone is written.
std::optional<std::int64_t> zone_minutes(TimeReader& in) {
  if (in.done() || in.skip('Z')) return 0;
  const bool east = in.skip('+');
  if (!east && !in.skip('-')) return std::nullopt;
  const auto hours = in.number(2, 0, 14);
  if (!hours || !in.skip(':')) return std::nullopt;
  const auto minutes = in.number(2, 0, 59);
  if (!minutes || *hours * 60 + *minutes > zone_minutes_max) return std::nullopt;
  const std::int64_t offset = std::int64_t{*hours} * 60 + *minutes;
  return east ? offset : -offset;
}

/// What stands behind the `T` of the day that starts at `day`.
std::optional<TimeRange> time_of_day(TimeReader& in, std::int64_t day) {
  const auto hour = in.number(2, 0, 23);
  if (!hour || !in.skip(':')) return std::nullopt;
  const auto minute = in.number(2, 0, 59);
  if (!minute) return std::nullopt;
  std::int64_t low = day + static_cast<std::int64_t>(*hour * 60 + *minute) * ms_per_minute;
  std::int64_t length = ms_per_minute;
  if (in.skip(':')) {
    const auto second = in.number(2, 0, 60);  // 60: a leap second
    if (!second) return std::nullopt;
    low += static_cast<std::int64_t>(*second) * 1000;
    length = 1000;
    if (in.skip('.')) {
      const auto part = in.fraction();
      if (!part) return std::nullopt;
      low += part->low;
      length = part->high - part->low + 1;
    }
  }
  const auto zone = zone_minutes(in);
  if (!zone || !in.done()) return std::nullopt;
  low -= *zone * ms_per_minute;
  return TimeRange{low, low + length - 1};
}

}  // namespace

std::optional<TimeRange> time_range_of(std::string_view text) {
  TimeReader in(text);
  const auto year = in.number(4, 1, 9999);
  if (!year) return std::nullopt;
  if (in.done()) return TimeRange{start_of_day(*year, 1, 1), start_of_day(*year + 1, 1, 1) - 1};
  if (!in.skip('-')) return std::nullopt;
  const auto month = in.number(2, 1, 12);
  if (!month) return std::nullopt;
  if (in.done()) {
    const bool last = *month == 12;
    const std::int64_t next = start_of_day(last ? *year + 1 : *year, last ? 1 : *month + 1, 1);
    return TimeRange{start_of_day(*year, *month, 1), next - 1};
  }
  if (!in.skip('-')) return std::nullopt;
  const auto day = in.number(2, 1, 31);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(*month), std::chrono::day(*day)};
  if (!date.ok()) return std::nullopt;
  const std::int64_t start = start_of_day(*year, *month, *day);
  if (in.done()) return TimeRange{start, start + ms_per_day - 1};
  if (!in.skip('T')) return std::nullopt;
  return time_of_day(in, start);
}

}  // namespace xl::fhir
