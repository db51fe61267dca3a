// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Source: FHIRPath N1 §6.6, Math, and §6.7, Date/Time Arithmetic.
#include <array>
#include <limits>

#include "fhir/fhirpath/evaluator.h"
#include "fhir/ucum.h"

namespace xl::fhir::fhirpath {
namespace {

struct Number {
  Decimal value;
  bool whole = false;
};

std::optional<Number> as_number(const Item& item) {
  if (const auto* whole = item.as<std::int64_t>()) return Number{Decimal::of(*whole), true};
  if (const auto* decimal = item.as<Decimal>()) return Number{*decimal, false};
  return std::nullopt;
}

Collection number_result(std::optional<Decimal> value, bool whole) {
  if (!value) return {};
  if (!whole) return one(item_of(*value));
  const auto integer = value->truncated();
  return integer ? one(item_of(*integer)) : Collection{};
}

Collection between_numbers(std::string_view name, const Number& a, const Number& b) {
  const bool whole = a.whole && b.whole;
  if (name == "+") return number_result(Decimal::sum(a.value, b.value), whole);
  if (name == "-") return number_result(Decimal::sum(a.value, b.value.negated()), whole);
  if (name == "*") return number_result(Decimal::product(a.value, b.value), whole);
  const auto quotient = Decimal::quotient(a.value, b.value);
  if (!quotient) return {};
  if (name == "/") return number_result(quotient, false);
  const auto steps = quotient->rounded(0, Decimal::Rounding::towards_zero);
  if (!steps) return {};
  if (name == "div") return number_result(steps, true);
  const auto taken = Decimal::product(*steps, b.value);
  return number_result(taken ? Decimal::sum(a.value, taken->negated()) : std::nullopt, whole);
}

std::optional<Quantity> as_quantity(const Item& item) {
  if (const auto* quantity = item.as<Quantity>()) return *quantity;
  if (const auto number = as_number(item)) return Quantity{number->value, "1", false};
  return std::nullopt;
}

Result<Collection> between_quantities(std::string_view name, const Quantity& a, const Quantity& b) {
  if (name == "+" || name == "-") {
    const auto factor = a.unit == b.unit ? 1 : conversion(b.unit, a.unit);
    if (!factor) return Collection{};
    const auto other =
        *factor == 1 ? b.value : Decimal::nearest(b.value.approximate() * *factor, 16);
    if (!other) return Collection{};
    const auto sum = Decimal::sum(a.value, name == "+" ? *other : other->negated());
    return sum ? one(item_of(Quantity{*sum, a.unit, a.is_calendar})) : Collection{};
  }
  if (name != "*" && name != "/") return invalid("no operation on quantities");
  const auto unit = combined(a.unit, b.unit, name == "/");
  const auto value =
      name == "*" ? Decimal::product(a.value, b.value) : Decimal::quotient(a.value, b.value);
  if (!unit || !value) return Collection{};
  const auto scaled =
      unit->factor == 1 ? value : Decimal::nearest(value->approximate() * unit->factor, 16);
  return scaled ? one(item_of(Quantity{*scaled, unit->code, false})) : Collection{};
}

/// The span of a unit; months and years of UCUM are none, as they have no whole days.
std::optional<Span> span_of(const Quantity& quantity) {
  struct Row {
    std::string_view word;
    std::string_view ucum;
    Span span;
  };
  constexpr std::array<Row, 8> rows = {{{"year", "", Span::year},
                                        {"month", "", Span::month},
                                        {"week", "wk", Span::week},
                                        {"day", "d", Span::day},
                                        {"hour", "h", Span::hour},
                                        {"minute", "min", Span::minute},
                                        {"second", "s", Span::second},
                                        {"millisecond", "ms", Span::millisecond}}};
  for (const Row& row : rows) {
    if (quantity.unit == row.word || calendar_word(quantity.unit) == row.word) return row.span;
    if (!row.ucum.empty() && quantity.unit == row.ucum) return row.span;
  }
  return std::nullopt;
}

Result<Collection> move_moment(std::string_view name, const Temporal& moment,
                               const Quantity& quantity) {
  const auto span = span_of(quantity);
  if (!span) return invalid("a date moves by days, months and the like");
  const auto count = quantity.value.truncated();
  if (!count || *count == std::numeric_limits<std::int64_t>::min()) return Collection{};
  const auto out = moved(moment, name == "+" ? *count : -*count, *span);
  return out ? one(item_of(*out)) : Collection{};
}

/// `&`: nothing counts as the empty text.
Result<Collection> concatenated(const Collection& left, const Collection& right) {
  std::string out;
  for (const Collection* side : {&left, &right}) {
    if (side->size() > 1) return invalid("one text is wanted");
    if (side->empty()) continue;
    const auto value = system_value(side->front());
    const auto* text = value ? value->as<std::string>() : nullptr;
    if (text == nullptr) return invalid("a text is wanted");
    out += *text;
  }
  return one(item_of(std::move(out)));
}

}  // namespace

Result<Collection> arithmetic(std::string_view name, const Collection& left,
                              const Collection& right) {
  if (name == "&") return concatenated(left, right);
  if (left.empty() || right.empty()) return Collection{};
  if (left.size() > 1 || right.size() > 1) return invalid("one value is wanted");
  const auto a = system_value(left.front());
  const auto b = system_value(right.front());
  if (!a || !b) return invalid("a value is wanted");
  const auto first = as_number(*a);
  const auto second = as_number(*b);
  if (first && second) return between_numbers(name, *first, *second);
  const bool adds = name == "+" || name == "-";
  if (const auto* moment = a->as<Temporal>()) {
    const auto* quantity = b->as<Quantity>();
    if (!adds || quantity == nullptr) return invalid("a date moves by a span of time");
    return move_moment(name, *moment, *quantity);
  }
  const auto* text = a->as<std::string>();
  const auto* more = b->as<std::string>();
  if (text != nullptr && more != nullptr && name == "+") return one(item_of(*text + *more));
  const auto quantity = as_quantity(*a);
  const auto other = as_quantity(*b);
  if (!quantity || !other) return invalid("no operation on values of these types");
  return between_quantities(name, *quantity, *other);
}

Result<Collection> negated(const Collection& value) {
  if (value.empty()) return Collection{};
  const auto item = value.size() == 1 ? system_value(value.front()) : std::nullopt;
  if (!item) return invalid("one number is wanted");
  if (const auto number = as_number(*item)) {
    return number_result(number->value.negated(), number->whole);
  }
  const auto* quantity = item->as<Quantity>();
  if (quantity == nullptr) return invalid("a number is wanted");
  Quantity out = *quantity;
  out.value = out.value.negated();
  return one(item_of(std::move(out)));
}

}  // namespace xl::fhir::fhirpath
