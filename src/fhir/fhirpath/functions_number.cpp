// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Source: FHIRPath N1 §5.7, Math; lowBoundary(), highBoundary() and precision() of N2 §5.9.
#include <array>
#include <cmath>

#include "fhir/fhirpath/evaluator.h"
#include "fhir/ucum.h"

namespace xl::fhir::fhirpath {

namespace on_numbers {
namespace {

/// Digits behind the point of results that are not exact, and of boundaries (N1 §4.1.3).
constexpr int result_scale = 8;

using Rounding = Decimal::Rounding;

std::optional<Decimal> decimal_of(const Item& item) {
  if (const auto* whole = item.as<std::int64_t>()) return Decimal::of(*whole);
  if (const auto* decimal = item.as<Decimal>()) return *decimal;
  return std::nullopt;
}

/// The input as a number; nothing when it is empty. Errors: fhirpath_invalid.
Result<std::optional<Decimal>> number_input(const Call& call) {
  XL_TRY_ASSIGN(const auto item, call.value());
  if (!item) return std::optional<Decimal>();
  const auto out = decimal_of(*item);
  if (!out) return invalid("a number is wanted");
  return out;
}

Result<std::optional<Decimal>> number_argument(const Call& call) {
  XL_TRY_ASSIGN(const Collection given, call.argument(0));
  if (given.empty()) return std::optional<Decimal>();
  const auto item = given.size() == 1 ? system_value(given.front()) : std::nullopt;
  const auto out = item ? decimal_of(*item) : std::nullopt;
  if (!out) return invalid("a number is wanted");
  return out;
}

Collection whole_result(std::optional<Decimal> value) {
  const auto whole = value ? value->truncated() : std::nullopt;
  return whole ? one(item_of(*whole)) : Collection{};
}

/// A result of floating point, without zeros at its end.
Collection near_result(long double value) {
  const auto near = Decimal::nearest(value, result_scale);
  if (!near) return {};
  std::string text = near->text();
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text += '0';
  const auto out = Decimal::parse(text);
  return out ? one(item_of(*out)) : Collection{};
}

Result<Collection> absolute(const Call& call) {
  XL_TRY_ASSIGN(const auto item, call.value());
  if (!item) return Collection{};
  if (const auto* whole = item->as<std::int64_t>()) {
    return whole_result(*whole < 0 ? Decimal::of(*whole).negated() : Decimal::of(*whole));
  }
  if (const auto* quantity = item->as<Quantity>()) {
    Quantity out = *quantity;
    if (out.value.is_negative()) out.value = out.value.negated();
    return one(item_of(std::move(out)));
  }
  const auto* decimal = item->as<Decimal>();
  if (decimal == nullptr) return invalid("a number is wanted");
  return one(item_of(decimal->is_negative() ? decimal->negated() : *decimal));
}

Result<Collection> to_whole(const Call& call, Rounding how) {
  XL_TRY_ASSIGN(const auto value, number_input(call));
  return value ? whole_result(value->rounded(0, how)) : Collection{};
}
Result<Collection> ceiling(const Call& call) { return to_whole(call, Rounding::up); }
Result<Collection> floor_of(const Call& call) { return to_whole(call, Rounding::down); }
Result<Collection> truncate(const Call& call) { return to_whole(call, Rounding::towards_zero); }

Result<Collection> round_to(const Call& call) {
  XL_TRY_ASSIGN(const auto value, number_input(call));
  std::int64_t scale = 0;
  if (call.count() == 1) {
    XL_TRY_ASSIGN(const auto given, call.integer(0));
    scale = given.value_or(0);
  }
  if (scale < 0 || scale > Decimal::scale_max) return invalid("digits behind the point");
  const auto out =
      value ? value->rounded(static_cast<int>(scale), Rounding::half_away) : std::nullopt;
  return out ? one(item_of(*out)) : Collection{};
}

Result<Collection> square_root(const Call& call) {
  XL_TRY_ASSIGN(const auto value, number_input(call));
  return value ? near_result(std::sqrt(value->approximate())) : Collection{};
}
Result<Collection> exponential(const Call& call) {
  XL_TRY_ASSIGN(const auto value, number_input(call));
  return value ? near_result(std::exp(value->approximate())) : Collection{};
}
Result<Collection> natural_logarithm(const Call& call) {
  XL_TRY_ASSIGN(const auto value, number_input(call));
  return value ? near_result(std::log(value->approximate())) : Collection{};
}
Result<Collection> logarithm(const Call& call) {
  XL_TRY_ASSIGN(const auto value, number_input(call));
  XL_TRY_ASSIGN(const auto base, number_argument(call));
  if (!value || !base) return Collection{};
  return near_result(std::log(value->approximate()) / std::log(base->approximate()));
}
Result<Collection> power(const Call& call) {
  XL_TRY_ASSIGN(const auto value, number_input(call));
  XL_TRY_ASSIGN(const auto exponent, number_argument(call));
  if (!value || !exponent) return Collection{};
  const long double out = std::pow(value->approximate(), exponent->approximate());
  const bool whole = value->scale() == 0 && exponent->scale() == 0 && !exponent->is_negative();
  return whole ? whole_result(Decimal::nearest(out, 0)) : near_result(out);
}

/// Digits of a number behind the point, or those that a moment is written with: 4 for a year, 17
/// for a DateTime with milliseconds.
std::int64_t digits_of(const Temporal& moment) {
  constexpr std::array<std::int64_t, 8> digits = {0, 4, 6, 8, 10, 12, 14, 17};
  const std::int64_t all = digits.at(static_cast<std::size_t>(moment.precision));
  return moment.kind == Temporal::Kind::time ? all - 8 : all;
}

Result<Collection> precision(const Call& call) {
  XL_TRY_ASSIGN(const auto item, call.value());
  if (!item) return Collection{};
  if (const auto* moment = item->as<Temporal>()) return one(item_of(digits_of(*moment)));
  const auto value = decimal_of(*item);
  if (!value) return invalid("a number or a moment is wanted");
  return one(item_of(static_cast<std::int64_t>(value->scale())));
}

std::optional<Decimal> boundary_of(const Decimal& value, std::int64_t scale, bool high) {
  if (scale < 0 || scale > Decimal::scale_max) return std::nullopt;
  const auto half = value.half_unit();
  const auto edge = half ? Decimal::sum(value, high ? *half : half->negated()) : std::nullopt;
  return edge ? edge->rounded(static_cast<int>(scale), high ? Rounding::up : Rounding::down)
              : std::nullopt;
}

/// The first or last moment that a text may mean, written with so many digits.
std::optional<Temporal> boundary_of(Temporal moment, std::int64_t digits, bool high) {
  using Precision = Temporal::Precision;
  if (high) {
    if (moment.precision < Precision::month) moment.month = 12;
    if (moment.precision < Precision::day) moment.day = days_in(moment.year, moment.month);
    if (moment.precision < Precision::hour) moment.hour = 23;
    if (moment.precision < Precision::minute) moment.minute = 59;
    if (moment.precision < Precision::second) moment.second = 59;
    if (moment.precision < Precision::millisecond) moment.millisecond = 999;
  }
  for (auto one_of = Precision::year; one_of <= Precision::millisecond;
       one_of = static_cast<Precision>(static_cast<std::uint8_t>(one_of) + 1)) {
    moment.precision = one_of;
    if (moment.kind == Temporal::Kind::time && one_of < Precision::hour) continue;
    if (digits_of(moment) != digits) continue;
    if (moment.kind == Temporal::Kind::date_time && one_of >= Precision::hour &&
        !moment.zone_minutes) {
      moment.zone_minutes = (high ? -12 : 14) * 60;
    }
    if (one_of < Precision::hour) moment.zone_minutes.reset();
    return moment;
  }
  return std::nullopt;
}

Result<Collection> boundary(const Call& call, bool high) {
  XL_TRY_ASSIGN(const auto item, call.value());
  std::optional<std::int64_t> given;
  if (call.count() == 1) {
    XL_TRY_ASSIGN(given, call.integer(0));
  }
  if (!item) return Collection{};
  if (const auto* moment = item->as<Temporal>()) {
    const std::int64_t all = moment->kind == Temporal::Kind::date   ? 8
                             : moment->kind == Temporal::Kind::time ? 9
                                                                    : 17;
    const auto out = boundary_of(*moment, given.value_or(all), high);
    return out ? one(item_of(*out)) : Collection{};
  }
  if (const auto* quantity = item->as<Quantity>()) {
    const auto value = boundary_of(quantity->value, given.value_or(result_scale), high);
    if (!value) return Collection{};
    return one(item_of(Quantity{*value, quantity->unit, quantity->is_calendar}));
  }
  const auto value = decimal_of(*item);
  if (!value) return invalid("a number or a moment is wanted");
  const auto out = boundary_of(*value, given.value_or(result_scale), high);
  return out ? one(item_of(*out)) : Collection{};
}
Result<Collection> low_boundary(const Call& call) { return boundary(call, false); }
Result<Collection> high_boundary(const Call& call) { return boundary(call, true); }

Result<Collection> comparable(const Call& call) {
  XL_TRY_ASSIGN(const auto item, call.value());
  XL_TRY_ASSIGN(const Collection given, call.argument(0));
  if (!item || given.empty()) return Collection{};
  const auto other = given.size() == 1 ? system_value(given.front()) : std::nullopt;
  const auto* quantity = item->as<Quantity>();
  const auto* with = other ? other->as<Quantity>() : nullptr;
  if (quantity == nullptr || with == nullptr) return invalid("Quantities are wanted");
  return truth(conversion(quantity->unit, with->unit).has_value());
}

constexpr auto functions = std::to_array<Function>({{"abs", 0, 0, absolute},
                                                    {"ceiling", 0, 0, ceiling},
                                                    {"floor", 0, 0, floor_of},
                                                    {"truncate", 0, 0, truncate},
                                                    {"round", 0, 1, round_to},
                                                    {"sqrt", 0, 0, square_root},
                                                    {"exp", 0, 0, exponential},
                                                    {"ln", 0, 0, natural_logarithm},
                                                    {"log", 1, 1, logarithm},
                                                    {"power", 1, 1, power},
                                                    {"precision", 0, 0, precision},
                                                    {"lowBoundary", 0, 1, low_boundary},
                                                    {"highBoundary", 0, 1, high_boundary},
                                                    {"comparable", 1, 1, comparable}});

}  // namespace
}  // namespace on_numbers

std::span<const Function> number_functions() { return on_numbers::functions; }

}  // namespace xl::fhir::fhirpath
