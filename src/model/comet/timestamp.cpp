// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "model/comet/timestamp.h"

#include "base/checked.h"

namespace xl::model::comet {
namespace {

/// Days since 1970-01-01 of a date of the proleptic Gregorian calendar. Source: H. Hinnant,
/// "chrono-compatible low-level date algorithms", days_from_civil.
std::int64_t days_from_civil(std::int64_t year, std::int64_t month, std::int64_t day) {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const std::int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

struct Date {
  std::int64_t year;
  std::int64_t month;
  std::int64_t day;
};

/// The inverse: civil_from_days of the same source.
Date civil_from_days(std::int64_t days) {
  days += 719468;
  const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const std::int64_t day_of_era = days - era * 146097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const std::int64_t day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const std::int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

std::int64_t days_in_month(std::int64_t year, std::int64_t month) {
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  if (month == 2) return leap ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

void append_padded(std::string& out, std::int64_t value, std::size_t width) {
  const std::string digits = std::to_string(value);
  out.append(digits.size() < width ? width - digits.size() : 0, '0');
  out += digits;
}

/// Reads exactly `width` digits at `offset`. False when there is anything else.
bool read_digits(std::string_view text, std::size_t offset, std::size_t width, std::int64_t& out) {
  if (offset + width > text.size()) return false;
  std::int64_t value = 0;
  for (const char c : text.substr(offset, width)) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + (c - '0');
  }
  out = value;
  return true;
}

/// Reads the `.fraction` and `Z` that end a timestamp.
bool read_fraction(std::string_view text, std::int32_t& nanos) {
  if (text == "Z") {
    nanos = 0;
    return true;
  }
  if (text.size() < 3 || text.size() > 11 || text.front() != '.' || text.back() != 'Z')
    return false;
  const std::size_t digits = text.size() - 2;
  std::int64_t value = 0;
  if (!read_digits(text, 1, digits, value)) return false;
  for (std::size_t i = digits; i < 9; ++i) value *= 10;
  nanos = static_cast<std::int32_t>(value);
  return true;
}

}  // namespace

std::uint64_t Timestamp::milliseconds() const {
  XL_CHECK(seconds >= 0);
  return static_cast<std::uint64_t>(seconds) * 1000 + static_cast<std::uint64_t>(nanos) / 1000000;
}

Timestamp timestamp_from_ms(std::uint64_t milliseconds) {
  return {static_cast<std::int64_t>(milliseconds / 1000),
          static_cast<std::int32_t>(milliseconds % 1000 * 1000000)};
}

std::string to_rfc3339(const Timestamp& time) {
  const std::int64_t days =
      time.seconds >= 0 ? time.seconds / 86400 : (time.seconds - 86399) / 86400;
  const std::int64_t second_of_day = time.seconds - days * 86400;
  const Date date = civil_from_days(days);
  std::string out;
  append_padded(out, date.year, 4);
  out += '-';
  append_padded(out, date.month, 2);
  out += '-';
  append_padded(out, date.day, 2);
  out += 'T';
  append_padded(out, second_of_day / 3600, 2);
  out += ':';
  append_padded(out, second_of_day / 60 % 60, 2);
  out += ':';
  append_padded(out, second_of_day % 60, 2);
  if (time.nanos != 0) {
    out += '.';
    append_padded(out, time.nanos, 9);
    while (out.back() == '0') out.pop_back();
  }
  out += 'Z';
  return out;
}

Result<Timestamp> timestamp_from_rfc3339(std::string_view text) {
  const Error malformed = make_error(ErrorCode::receipt_malformed, "time is not RFC 3339 in UTC");
  std::int64_t year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  const bool shaped = read_digits(text, 0, 4, year) && read_digits(text, 5, 2, month) &&
                      read_digits(text, 8, 2, day) && read_digits(text, 11, 2, hour) &&
                      read_digits(text, 14, 2, minute) && read_digits(text, 17, 2, second);
  if (!shaped || text.size() < 20) return malformed;
  if (text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':') {
    return malformed;
  }
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) {
    return malformed;
  }
  if (hour > 23 || minute > 59 || second > 59) return malformed;
  Timestamp out;
  if (!read_fraction(text.substr(19), out.nanos)) return malformed;
  out.seconds = days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
  return out;
}

}  // namespace xl::model::comet
