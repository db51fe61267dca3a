// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "consents/times.h"

#include <chrono>

namespace xl::consents {

namespace {

constexpr std::int64_t day_ms = 24LL * 60 * 60 * 1000;

std::string digits(std::int64_t value, std::size_t width) {
  std::string out = std::to_string(value);
  while (out.size() < width) out.insert(out.begin(), '0');
  return out;
}

/// Days since 1970, rounded down.
std::int64_t day_of(std::int64_t ms) { return ms / day_ms - (ms % day_ms < 0 ? 1 : 0); }

std::string date_text(std::int64_t day) {
  const std::chrono::year_month_day date{
      std::chrono::sys_days{std::chrono::days{static_cast<int>(day)}}};
  return digits(static_cast<int>(date.year()), 4) + "-" +
         digits(static_cast<unsigned>(date.month()), 2) + "-" +
         digits(static_cast<unsigned>(date.day()), 2);
}

}  // namespace

std::string moment_text(std::int64_t ms) {
  const std::int64_t day = day_of(ms);
  return ms == day * day_ms ? date_text(day) : instant_text(ms);
}

std::string instant_text(std::int64_t ms) {
  const std::int64_t day = day_of(ms);
  const std::int64_t rest = ms - day * day_ms;
  return date_text(day) + "T" + digits(rest / 3'600'000, 2) + ":" + digits(rest / 60'000 % 60, 2) +
         ":" + digits(rest / 1000 % 60, 2) + "." + digits(rest % 1000, 3) + "Z";
}

std::string last_moment_text(std::int64_t end_ms) {
  const std::int64_t day = day_of(end_ms);
  return end_ms == day * day_ms ? date_text(day - 1) : instant_text(end_ms - 1);
}

}  // namespace xl::consents
