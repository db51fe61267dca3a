// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "base/answer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <vector>

#include "base/check.h"
#include "base/json/writer.h"

namespace xl {
namespace {

/// How long something takes, not when it is.
constexpr auto durations =
    std::to_array<std::string_view>({"for_ms", "quota_period_ms", "verify_ms", "voting_ms",
                                     "waiting_ms", "write_ms", "latency_ms"});

std::string padded(std::int64_t value, std::size_t width) {
  std::string out = std::to_string(value);
  while (out.size() < width) out.insert(out.begin(), '0');
  return out;
}

/// The name without its unit where it names a point in time; empty for others.
std::string_view point_in_time(std::string_view name, std::int64_t& unit_ms) {
  const bool milliseconds = name.ends_with("_ms");
  if (!milliseconds && !name.ends_with("_s")) return {};
  if (std::find(durations.begin(), durations.end(), name) != durations.end()) return {};
  unit_ms = milliseconds ? 1 : 1000;
  return name.substr(0, name.rfind('_'));
}

std::optional<std::int64_t> integer_in(json::Value value) {
  const auto text = value.is_string() ? value.as_string() : value.number_text();
  std::int64_t out = 0;
  if (!text) return std::nullopt;
  const auto [end, failure] = std::from_chars(text->data(), text->data() + text->size(), out);
  if (failure != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return out;
}

/// A time that the node writes as 0 has not come; data may well be of 1970.
void write_time(json::Writer& out, std::string_view name, json::Value value, std::int64_t unit_ms) {
  const auto number = integer_in(value);
  const bool none = !number || (*number == 0 && !name.starts_with("data_"));
  if (none) {
    out.null();
  } else {
    out.string(iso_time(*number * unit_ms));
  }
}

/// `2026-01-02T03:04:05.678901234Z` cut to milliseconds; other texts as they are.
std::string with_milliseconds(std::string_view text) {
  constexpr std::string_view form = "dddd-dd-ddTdd:dd:dd";
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() <= form.size() || !text.ends_with('Z')) return std::string(text);
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (form[i] == 'd' ? !is_digit(text[i]) : form[i] != text[i]) return std::string(text);
  }
  std::string_view fraction = text.substr(form.size(), text.size() - form.size() - 1);
  if (fraction.starts_with('.')) fraction.remove_prefix(1);
  if (!std::all_of(fraction.begin(), fraction.end(), is_digit)) return std::string(text);
  std::string cut(fraction.substr(0, 3));
  cut.resize(3, '0');
  return std::string(text.substr(0, form.size())) + "." + cut + "Z";
}

bool has_own_form(json::Value value) {
  return value.find("schema").present() || value.find("resourceType").present();
}

void write_members(json::Writer& out, json::Value object, bool outermost);

/// Recursion ends: the parser bounds the depth.
void write_value(json::Writer& out, json::Value value) {
  if (value.is_object() && !has_own_form(value)) {
    out.begin_object();
    write_members(out, value, false);
    out.end_object();
  } else if (value.is_array()) {
    out.begin_array();
    for (const json::Value item : value.items()) write_value(out, item);
    out.end_array();
  } else if (value.is_string() && value.as_string()->empty()) {
    out.null();
  } else if (value.is_string()) {
    out.string(with_milliseconds(*value.as_string()));
  } else {
    out.value(value);
  }
}

void write_members(json::Writer& out, json::Value object, bool outermost) {
  for (const json::Member member : object.members()) {
    if (outermost && member.key == "schema") continue;
    std::int64_t unit_ms = 0;
    const std::string_view time = point_in_time(member.key, unit_ms);
    if (!time.empty()) {
      out.key(time);
      write_time(out, time, member.value, unit_ms);
    } else {
      out.key(member.key);
      write_value(out, member.value);
    }
  }
}

}  // namespace

std::string iso_time(std::int64_t milliseconds) {
  namespace chrono = std::chrono;
  const chrono::sys_time<chrono::milliseconds> time{chrono::milliseconds(milliseconds)};
  const auto midnight = chrono::floor<chrono::days>(time);
  const chrono::year_month_day day{midnight};
  const std::int64_t rest = (time - midnight).count();
  return padded(static_cast<int>(day.year()), 4) + "-" +
         padded(static_cast<unsigned>(day.month()), 2) + "-" +
         padded(static_cast<unsigned>(day.day()), 2) + "T" + padded(rest / 3'600'000, 2) + ":" +
         padded(rest / 60'000 % 60, 2) + ":" + padded(rest / 1000 % 60, 2) + "." +
         padded(rest % 1000, 3) + "Z";
}

std::string answer_text(json::Value answer, std::string_view schema) {
  XL_CHECK(answer.is_object());
  const std::string_view named = answer.find("schema").as_string().value_or(schema);
  XL_CHECK(!named.empty());
  json::Writer out;
  out.begin_object().key("schema").string(named);
  write_members(out, answer, true);
  return out.end_object().take();
}

}  // namespace xl
