// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "fhir/fhirpath/temporal.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace xl::fhir::fhirpath {
namespace {

using Precision = Temporal::Precision;

constexpr std::int64_t ms_of_day = 86'400'000;

std::int64_t days_of(std::int32_t year, std::int32_t month, std::int32_t day) {
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  return std::chrono::sys_days(date).time_since_epoch().count();
}

/// Precondition: within the years 0 to 10000.
void set_day(Temporal& out, std::int64_t days) {
  const std::chrono::days since_1970(static_cast<std::int32_t>(days));
  const std::chrono::year_month_day date{std::chrono::sys_days(since_1970)};
  out.year = static_cast<std::int32_t>(date.year());
  out.month = static_cast<std::int32_t>(static_cast<unsigned>(date.month()));
  out.day = static_cast<std::int32_t>(static_cast<unsigned>(date.day()));
}

std::int64_t ms_within_day(const Temporal& value) {
  return ((value.hour * 60LL + value.minute) * 60 + value.second) * 1000 + value.millisecond;
}

void set_ms_within_day(Temporal& out, std::int64_t ms) {
  out.millisecond = static_cast<std::int32_t>(ms % 1000);
  out.second = static_cast<std::int32_t>(ms / 1000 % 60);
  out.minute = static_cast<std::int32_t>(ms / 60'000 % 60);
  out.hour = static_cast<std::int32_t>(ms / 3'600'000);
}

/// Reads numbers from the front of a text.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  [[nodiscard]] bool done() const { return text_.empty(); }
  bool take(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  /// Exactly `digits` digits. False without them.
  bool number(std::size_t digits, std::int32_t& out) {
    if (text_.size() < digits) return false;
    std::int32_t value = 0;
    for (const char c : text_.substr(0, digits)) {
      if (c < '0' || c > '9') return false;
      value = value * 10 + (c - '0');
    }
    out = value;
    text_.remove_prefix(digits);
    return true;
  }
  /// The digits behind a point: their first three as milliseconds. False without any.
  bool fraction(Temporal& out) {
    std::int32_t digit = 0;
    std::int32_t count = 0;
    constexpr std::array<std::int32_t, 3> worth = {100, 10, 1};
    for (; number(1, digit); ++count) {
      if (count < 3) out.millisecond += digit * worth.at(static_cast<std::size_t>(count));
    }
    out.fraction_digits = count;
    return count > 0 && count <= 9;
  }

 private:
  std::string_view text_;
};

bool read_day(Reader& in, Temporal& out) {
  if (!in.number(4, out.year) || out.year == 0) return false;
  out.precision = Precision::year;
  if (!in.take('-')) return true;
  if (!in.number(2, out.month) || out.month < 1 || out.month > 12) return false;
  out.precision = Precision::month;
  if (!in.take('-')) return true;
  if (!in.number(2, out.day) || out.day < 1 || out.day > days_in(out.year, out.month)) return false;
  out.precision = Precision::day;
  return true;
}

bool read_clock(Reader& in, Temporal& out) {
  if (!in.number(2, out.hour) || out.hour > 23) return false;
  out.precision = Precision::hour;
  if (!in.take(':')) return true;
  if (!in.number(2, out.minute) || out.minute > 59) return false;
  out.precision = Precision::minute;
  if (!in.take(':')) return true;
  if (!in.number(2, out.second) || out.second > 60) return false;  // leap seconds exist in FHIR
  out.precision = Precision::second;
  if (!in.take('.')) return true;
  out.precision = Precision::millisecond;
  return in.fraction(out);
}

bool read_zone(Reader& in, Temporal& out) {
  if (in.done()) return true;
  if (in.take('Z')) {
    out.zone_minutes = 0;
    return in.done();
  }
  const bool west = in.take('-');
  if (!west && !in.take('+')) return false;
  std::int32_t hours = 0;
  std::int32_t minutes = 0;
  if (!in.number(2, hours) || !in.take(':') || !in.number(2, minutes)) return false;
  if (hours > 14 || minutes > 59) return false;
  out.zone_minutes = (hours * 60 + minutes) * (west ? -1 : 1);
  return in.done();
}

std::string padded(std::int32_t value, std::size_t digits) {
  std::string out = std::to_string(value);
  if (out.size() < digits) out.insert(0, digits - out.size(), '0');
  return out;
}

/// In UTC where the zone is known.
Temporal normal(Temporal value) {
  if (!value.zone_minutes || value.precision < Precision::hour) return value;
  const std::int64_t at = days_of(value.year, value.month, value.day) * ms_of_day +
                          ms_within_day(value) - *value.zone_minutes * 60'000LL;
  const std::int64_t day = at >= 0 ? at / ms_of_day : -((-at + ms_of_day - 1) / ms_of_day);
  set_day(value, day);
  set_ms_within_day(value, at - day * ms_of_day);
  value.zone_minutes = 0;
  return value;
}

std::int32_t sign_of(std::int64_t difference) {
  return difference < 0 ? -1 : difference > 0 ? 1 : 0;
}

/// One has a zone, the other none: certain only where any zone would give the same.
std::optional<int> compare_unzoned(const Temporal& a, const Temporal& b) {
  if (std::min(a.precision, b.precision) < Precision::day) {
    if (a.year != b.year) return sign_of(a.year - b.year);
    return std::nullopt;
  }
  const std::int64_t days = days_of(a.year, a.month, a.day) - days_of(b.year, b.month, b.day);
  return days > 1 || days < -1 ? std::optional<int>(sign_of(days)) : std::nullopt;
}

std::optional<Temporal> moved_by_months(Temporal out, std::int64_t months) {
  const std::int64_t at = out.year * 12LL + (out.month - 1) + months;
  if (at < 12 || at >= 10'000LL * 12) return std::nullopt;
  out.year = static_cast<std::int32_t>(at / 12);
  out.month = static_cast<std::int32_t>(at % 12 + 1);
  out.day = std::min(out.day, days_in(out.year, out.month));
  return out;
}

std::int64_t ms_of(Span span) {
  switch (span) {
    case Span::week:
      return 7 * ms_of_day;
    case Span::day:
      return ms_of_day;
    case Span::hour:
      return 3'600'000;
    case Span::minute:
      return 60'000;
    case Span::second:
      return 1000;
    default:
      return 1;
  }
}

}  // namespace

std::int32_t days_in(std::int32_t year, std::int32_t month) {
  const std::chrono::year_month_day_last last =
      std::chrono::year(year) / static_cast<int>(month) / std::chrono::last;
  return static_cast<std::int32_t>(static_cast<unsigned>(last.day()));
}

std::optional<Temporal> read_date(std::string_view text) {
  Temporal out;
  Reader in(text);
  if (!read_day(in, out) || !in.done()) return std::nullopt;
  return out;
}

std::optional<Temporal> read_date_time(std::string_view text) {
  Temporal out;
  out.kind = Temporal::Kind::date_time;
  Reader in(text);
  if (!read_day(in, out)) return std::nullopt;
  if (in.done()) return out;
  if (!in.take('T')) return std::nullopt;
  if (in.done()) return out;
  if (out.precision != Precision::day || !read_clock(in, out) || !read_zone(in, out)) {
    return std::nullopt;
  }
  return out;
}

std::optional<Temporal> read_time(std::string_view text) {
  Temporal out;
  out.kind = Temporal::Kind::time;
  Reader in(text);
  if (!read_clock(in, out) || !in.done()) return std::nullopt;
  return out;
}

std::string moment_text(const Temporal& value, bool literal) {
  std::string out;
  const Precision precision = value.precision;
  if (value.kind != Temporal::Kind::time) {
    out = padded(value.year, 4);
    if (precision >= Precision::month) out += "-" + padded(value.month, 2);
    if (precision >= Precision::day) out += "-" + padded(value.day, 2);
    if (value.kind == Temporal::Kind::date) return out;
    if (precision >= Precision::hour || literal) out += "T";
  }
  if (precision >= Precision::hour) out += padded(value.hour, 2);
  if (precision >= Precision::minute) out += ":" + padded(value.minute, 2);
  if (precision >= Precision::second) out += ":" + padded(value.second, 2);
  if (precision == Precision::millisecond) out += "." + padded(value.millisecond, 3);
  if (!value.zone_minutes) return out;
  const std::int32_t zone = *value.zone_minutes;
  if (zone == 0) return out + "Z";
  const std::int32_t size = zone < 0 ? -zone : zone;
  return out + (zone < 0 ? "-" : "+") + padded(size / 60, 2) + ":" + padded(size % 60, 2);
}

std::optional<int> compare(const Temporal& a, const Temporal& b) {
  const bool timed = a.precision >= Precision::hour && b.precision >= Precision::hour;
  if (a.kind != Temporal::Kind::time && timed &&
      a.zone_minutes.has_value() != b.zone_minutes.has_value()) {
    return compare_unzoned(a, b);
  }
  const Temporal left = timed ? normal(a) : a;
  const Temporal right = timed ? normal(b) : b;
  // A second and its fraction are one number.
  const auto exact = [](const Temporal& one) { return one.second * 1000LL + one.millisecond; };
  const std::array<std::pair<Precision, std::int64_t>, 6> steps = {
      {{Precision::year, left.year - right.year},
       {Precision::month, left.month - right.month},
       {Precision::day, left.day - right.day},
       {Precision::hour, left.hour - right.hour},
       {Precision::minute, left.minute - right.minute},
       {Precision::second, exact(left) - exact(right)}}};
  const bool of_day = a.kind == Temporal::Kind::time;
  for (const auto& [precision, difference] : steps) {
    if (of_day && precision < Precision::hour) continue;
    const bool in_left = left.precision >= precision;
    const bool in_right = right.precision >= precision;
    if (!in_left && !in_right) return 0;
    if (in_left != in_right) return std::nullopt;
    if (difference != 0) return sign_of(difference);
  }
  return 0;
}

std::optional<Temporal> moved(const Temporal& value, std::int64_t count, Span span) {
  constexpr std::int64_t count_max = 10'000'000'000;
  if (count > count_max || count < -count_max) return std::nullopt;
  Temporal out = value;
  if (value.kind == Temporal::Kind::time) {
    const std::int64_t at = ms_within_day(value) + count * ms_of(span) % ms_of_day;
    set_ms_within_day(out, ((at % ms_of_day) + ms_of_day) % ms_of_day);
    return out;
  }
  if (span == Span::year || span == Span::month) {
    if (span == Span::month && value.precision == Precision::year) {
      return moved_by_months(out, count / 12 * 12);
    }
    return moved_by_months(out, span == Span::year ? count * 12 : count);
  }
  // What is less than the precision counts where it makes up a whole step of it.
  const std::int64_t days = count * ms_of(span) / ms_of_day;
  if (value.precision == Precision::year) return moved_by_months(out, days / 365 * 12);
  if (value.precision == Precision::month) return moved_by_months(out, days / 30);
  const std::int64_t within = value.precision == Precision::day ? 0 : ms_within_day(value);
  const std::int64_t by =
      value.precision == Precision::day ? days * ms_of_day : count * ms_of(span);
  const std::int64_t at = days_of(value.year, value.month, value.day) * ms_of_day + within + by;
  const std::int64_t day = at >= 0 ? at / ms_of_day : -((-at + ms_of_day - 1) / ms_of_day);
  if (day < days_of(1, 1, 1) || day > days_of(9999, 12, 31)) return std::nullopt;
  set_day(out, day);
  set_ms_within_day(out, at - day * ms_of_day);
  return out;
}

Temporal date_time_of(std::int64_t unix_ms) {
  Temporal out;
  out.kind = Temporal::Kind::date_time;
  out.precision = Precision::millisecond;
  out.fraction_digits = 3;
  const std::int64_t day =
      unix_ms >= 0 ? unix_ms / ms_of_day : -((-unix_ms + ms_of_day - 1) / ms_of_day);
  set_day(out, day);
  set_ms_within_day(out, unix_ms - day * ms_of_day);
  out.zone_minutes = 0;
  return out;
}

}  // namespace xl::fhir::fhirpath
