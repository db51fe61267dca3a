// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/http/date.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace xl::gateway::http {
namespace {

constexpr std::uint64_t day_ms = 86'400'000;

void append_two_digits(std::string& out, unsigned value) {
  out += static_cast<char>('0' + value / 10);
  out += static_cast<char>('0' + value % 10);
}

}  // namespace

std::string http_date(std::uint64_t milliseconds) {
  constexpr std::array weekdays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::chrono::sys_days day{std::chrono::days{static_cast<int>(milliseconds / day_ms)}};
  const std::chrono::year_month_day date{day};
  const auto second = static_cast<unsigned>(milliseconds % day_ms / 1000);
  std::string out = weekdays[std::chrono::weekday{day}.c_encoding()];
  out += ", ";
  append_two_digits(out, static_cast<unsigned>(date.day()));
  out += ' ';
  out += months[static_cast<unsigned>(date.month()) - 1];
  out += ' ' + std::to_string(static_cast<int>(date.year())) + ' ';
  append_two_digits(out, second / 3600);
  out += ':';
  append_two_digits(out, second / 60 % 60);
  out += ':';
  append_two_digits(out, second % 60);
  return out + " GMT";
}

std::optional<std::uint64_t> time_of_http_date(std::string_view text) {
  constexpr std::string_view form = "Sun, 06 Nov 1994 08:49:37 GMT";
  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != form.size()) return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t count) {
    std::uint64_t out = 0;
    for (const char c : text.substr(at, count)) {
      out = c >= '0' && c <= '9' ? out * 10 + static_cast<std::uint64_t>(c - '0') : UINT32_MAX;
    }
    return out;
  };
  const std::size_t month = months.find(text.substr(8, 3));
  if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
  const std::chrono::year_month_day date{
      std::chrono::year{static_cast<int>(std::min<std::uint64_t>(number(12, 4), 9999))},
      std::chrono::month{static_cast<unsigned>(month / 3 + 1)},
      std::chrono::day{static_cast<unsigned>(std::min<std::uint64_t>(number(5, 2), 99))}};
  const auto days = std::chrono::sys_days{date}.time_since_epoch().count();
  const std::uint64_t second = number(17, 2) * 3600 + number(20, 2) * 60 + number(23, 2);
  if (!date.ok() || days < 0 || second >= day_ms / 1000) return std::nullopt;
  const std::uint64_t out = static_cast<std::uint64_t>(days) * day_ms + second * 1000;
  // Whatever is written otherwise, in the weekday or between the numbers, is another form.
  return http_date(out) == text ? std::optional(out) : std::nullopt;
}

std::string DateHeader::at(std::uint64_t now_ms) {
  const std::scoped_lock lock(mutex_);
  if (text_.empty() || now_ms / 1000 != second_) {
    second_ = now_ms / 1000;
    text_ = http_date(now_ms);
  }
  return text_;
}

}  // namespace xl::gateway::http
