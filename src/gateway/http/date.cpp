// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/http/date.h"

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

std::string DateHeader::at(std::uint64_t now_ms) {
  const std::scoped_lock lock(mutex_);
  if (text_.empty() || now_ms / 1000 != second_) {
    second_ = now_ms / 1000;
    text_ = http_date(now_ms);
  }
  return text_;
}

}  // namespace xl::gateway::http
