// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/words.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "base/answer.h"
#include "base/checked.h"
#include "consents/codes.h"

namespace xl::cli {
namespace {

/// By the numbers of identity view.h, from 0.
constexpr std::array<std::string_view, contracts::identity::licence_type_max + 1> licence_words = {
    "none", "medical", "nursing", "midwifery", "paramedic", "pharmacy", "dental", "other"};

constexpr std::uint64_t day_ms = 24ULL * 60 * 60 * 1000;

template <typename Words>
std::string listed(const Words& words) {
  std::string out;
  for (const std::string_view word : words) out += (out.empty() ? "" : ", ") + std::string(word);
  return out;
}

std::string padded(std::uint64_t value, std::size_t width) {
  std::string out = std::to_string(value);
  while (out.size() < width) out.insert(out.begin(), '0');
  return out;
}

}  // namespace

std::optional<std::uint32_t> role_of_word(std::string_view word) {
  return consents::role_of_code(word);
}

std::string_view role_word(std::uint32_t role) { return consents::role_code(role); }

std::vector<std::string> role_word_list() {
  std::vector<std::string> out;
  for (std::uint32_t role = 1; role <= contracts::identity::role_max; ++role) {
    out.emplace_back(role_word(role));
  }
  return out;
}

std::vector<std::string> licence_word_list() {
  return {licence_words.begin(), licence_words.end()};
}

Result<std::vector<std::uint32_t>> roles_of_words(const std::vector<std::string>& words) {
  std::vector<std::uint32_t> out;
  for (const std::string& word : words) {
    const auto role = role_of_word(word);
    if (!role) {
      return make_error(ErrorCode::usage_invalid,
                        "no role '" + word + "'; roles: " + listed(role_word_list()));
    }
    out.push_back(*role);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

Result<std::uint32_t> licence_of_word(std::string_view word) {
  const auto found = std::find(licence_words.begin(), licence_words.end(), word);
  if (found != licence_words.end()) {
    return static_cast<std::uint32_t>(found - licence_words.begin());
  }
  return make_error(ErrorCode::usage_invalid,
                    "no licence '" + std::string(word) + "'; licences: " + listed(licence_words));
}

Result<std::int64_t> start_of_day_ms(std::string_view date, std::string_view option) {
  const auto wrong = [&] {
    return make_error(ErrorCode::usage_invalid, std::string(option) + " is a day: YYYY-MM-DD");
  };
  std::uint64_t year = 0;
  std::uint64_t month = 0;
  std::uint64_t day = 0;
  // Leading zeros are part of the format, and nothing but two digits is.
  const auto two = [](std::string_view text, std::uint64_t& out) {
    if (text.size() == 2 && text[0] == '0') text.remove_prefix(1);
    return parse_decimal(text, out);
  };
  if (date.size() != 10 || date[4] != '-' || date[7] != '-' ||
      !parse_decimal(date.substr(0, 4), year) || !two(date.substr(5, 2), month) ||
      !two(date.substr(8, 2), day) || year < 1800 || year > 2199) {
    return wrong();
  }
  const std::chrono::year_month_day parsed{std::chrono::year(static_cast<int>(year)),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
  if (!parsed.ok()) return wrong();
  return std::chrono::sys_days(parsed).time_since_epoch().count() *
         static_cast<std::int64_t>(day_ms);
}

Result<std::uint64_t> end_of_day_ms(std::string_view date, std::string_view option) {
  XL_TRY_ASSIGN(const std::int64_t start, start_of_day_ms(date, option));
  if (start < 0) {
    return make_error(ErrorCode::usage_invalid, std::string(option) + " is a day: YYYY-MM-DD");
  }
  return static_cast<std::uint64_t>(start) + day_ms;
}

std::string day_text(std::int64_t milliseconds) { return iso_time(milliseconds).substr(0, 10); }

std::string time_text(std::uint64_t milliseconds) {
  if (milliseconds == 0) return "-";
  const std::chrono::year_month_day date{
      std::chrono::sys_days{std::chrono::days{static_cast<int>(milliseconds / day_ms)}}};
  const std::uint64_t rest = milliseconds % day_ms / 1000;
  return padded(static_cast<std::uint64_t>(static_cast<int>(date.year())), 4) + "-" +
         padded(static_cast<unsigned>(date.month()), 2) + "-" +
         padded(static_cast<unsigned>(date.day()), 2) + " " + padded(rest / 3600, 2) + ":" +
         padded(rest / 60 % 60, 2) + ":" + padded(rest % 60, 2) + "Z";
}

std::string tenths_text(std::uint64_t thousandths) {
  return std::to_string(thousandths / 1000) + "." + std::to_string(thousandths % 1000 / 100);
}

std::string bytes_text(std::uint64_t bytes) {
  if (bytes < 1000) return std::to_string(bytes) + " B";
  if (bytes < 1'000'000) return tenths_text(bytes) + " kB";
  return tenths_text(bytes / 1000) + " MB";
}

}  // namespace xl::cli
