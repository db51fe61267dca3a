// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Source: FHIRPath N1 §5.5, Conversion.
#include <algorithm>
#include <array>

#include "fhir/fhirpath/evaluator.h"

namespace xl::fhir::fhirpath {

namespace converting {
namespace {

using Converted = std::optional<Item>;

template <typename T>
Converted made(const std::optional<T>& value) {
  return value ? Converted(item_of(*value)) : std::nullopt;
}

Converted boolean_of_text(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  for (const std::string_view yes : {"true", "t", "yes", "y", "1", "1.0"}) {
    if (text == yes) return item_of(true);
  }
  for (const std::string_view no : {"false", "f", "no", "n", "0", "0.0"}) {
    if (text == no) return item_of(false);
  }
  return std::nullopt;
}

Converted to_boolean(const Item& item) {
  if (item.as<bool>() != nullptr) return item;
  if (const auto* text = item.as<std::string>()) return boolean_of_text(*text);
  std::optional<Decimal> number;
  if (const auto* whole = item.as<std::int64_t>()) number = Decimal::of(*whole);
  if (const auto* decimal = item.as<Decimal>()) number = *decimal;
  if (number == Decimal::of(1)) return item_of(true);
  if (number == Decimal::of(0)) return item_of(false);
  return std::nullopt;
}

Converted to_integer(const Item& item) {
  if (item.as<std::int64_t>() != nullptr) return item;
  if (const auto* truth_value = item.as<bool>()) return item_of(std::int64_t{*truth_value ? 1 : 0});
  const auto* text = item.as<std::string>();
  if (text == nullptr || text->find_first_of(".eE") != std::string::npos) return std::nullopt;
  const auto value = Decimal::parse(*text);
  return value ? made(value->truncated()) : std::nullopt;
}

Converted to_decimal(const Item& item) {
  if (item.as<Decimal>() != nullptr) return item;
  if (const auto* whole = item.as<std::int64_t>()) return item_of(Decimal::of(*whole));
  if (const auto* truth_value = item.as<bool>()) return item_of(Decimal::of(*truth_value ? 1 : 0));
  const auto* text = item.as<std::string>();
  if (text == nullptr || text->find_first_of("eE") != std::string::npos) return std::nullopt;
  return made(Decimal::parse(*text));
}

Converted to_text(const Item& item) { return made(string_of(item)); }

Converted to_date(const Item& item) {
  if (const auto* moment = item.as<Temporal>()) {
    if (moment->kind == Temporal::Kind::time) return std::nullopt;
    Temporal out = *moment;
    out.kind = Temporal::Kind::date;
    out.precision = std::min(out.precision, Temporal::Precision::day);
    out.zone_minutes.reset();
    return item_of(out);
  }
  const auto* text = item.as<std::string>();
  return text != nullptr ? made(read_date(*text)) : std::nullopt;
}

Converted to_date_time(const Item& item) {
  if (const auto* moment = item.as<Temporal>()) {
    if (moment->kind == Temporal::Kind::time) return std::nullopt;
    Temporal out = *moment;
    out.kind = Temporal::Kind::date_time;
    return item_of(out);
  }
  const auto* text = item.as<std::string>();
  return text != nullptr ? made(read_date_time(*text)) : std::nullopt;
}

Converted to_time(const Item& item) {
  if (const auto* moment = item.as<Temporal>()) {
    return moment->kind == Temporal::Kind::time ? Converted(item) : std::nullopt;
  }
  const auto* text = item.as<std::string>();
  return text != nullptr ? made(read_time(*text)) : std::nullopt;
}

Converted to_quantity(const Item& item) {
  if (item.as<Quantity>() != nullptr) return item;
  if (const auto* text = item.as<std::string>()) return made(read_quantity(*text));
  const auto number = to_decimal(item);
  if (!number) return std::nullopt;
  return item_of(Quantity{*number->as<Decimal>(), "1", false});
}

using Conversion = Converted (*)(const Item& item);

/// Of the single item of the input; nothing when it has no such value.
Result<Converted> converted(const Call& call, Conversion convert) {
  if (call.input.size() > 1) return invalid("one value is wanted");
  const auto value = system_value(call.input.front());
  return value ? convert(*value) : Converted{};
}

template <Conversion convert>
Result<Collection> to(const Call& call) {
  if (call.input.empty()) return Collection{};
  XL_TRY_ASSIGN(const Converted out, converted(call, convert));
  return out ? one(*out) : Collection{};
}

template <Conversion convert>
Result<Collection> converts_to(const Call& call) {
  if (call.input.empty()) return Collection{};
  XL_TRY_ASSIGN(const Converted out, converted(call, convert));
  return truth(out.has_value());
}

constexpr auto functions =
    std::to_array<Function>({{"toBoolean", 0, 0, to<to_boolean>},
                             {"toInteger", 0, 0, to<to_integer>},
                             {"toDecimal", 0, 0, to<to_decimal>},
                             {"toString", 0, 0, to<to_text>},
                             {"toDate", 0, 0, to<to_date>},
                             {"toDateTime", 0, 0, to<to_date_time>},
                             {"toTime", 0, 0, to<to_time>},
                             {"toQuantity", 0, 1, to<to_quantity>},
                             {"convertsToBoolean", 0, 0, converts_to<to_boolean>},
                             {"convertsToInteger", 0, 0, converts_to<to_integer>},
                             {"convertsToDecimal", 0, 0, converts_to<to_decimal>},
                             {"convertsToString", 0, 0, converts_to<to_text>},
                             {"convertsToDate", 0, 0, converts_to<to_date>},
                             {"convertsToDateTime", 0, 0, converts_to<to_date_time>},
                             {"convertsToTime", 0, 0, converts_to<to_time>},
                             {"convertsToQuantity", 0, 0, converts_to<to_quantity>}});

}  // namespace
}  // namespace converting

std::span<const Function> conversion_functions() { return converting::functions; }

}  // namespace xl::fhir::fhirpath
