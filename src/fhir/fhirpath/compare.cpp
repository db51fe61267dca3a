// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Equality, equivalence and order of values, and their texts (FHIRPath N1 §6.1, §6.2, §5.5).
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "fhir/fhirpath/value.h"
#include "fhir/ucum.h"

namespace xl::fhir::fhirpath {
namespace {

/// Conversions of units are not exact.
constexpr long double relative_error = 1e-12L;

struct CalendarWord {
  std::string_view singular;
  std::string_view plural;
  std::string_view ucum;  ///< the same span; empty for those that months and years are not
};
constexpr auto calendar_words =
    std::to_array<CalendarWord>({{"year", "years", ""},
                                 {"month", "months", ""},
                                 {"week", "weeks", "wk"},
                                 {"day", "days", "d"},
                                 {"hour", "hours", "h"},
                                 {"minute", "minutes", "min"},
                                 {"second", "seconds", "s"},
                                 {"millisecond", "milliseconds", "ms"}});

std::optional<Decimal> number_of(const Item& item) {
  if (const auto* whole = item.as<std::int64_t>()) return Decimal::of(*whole);
  if (const auto* decimal = item.as<Decimal>()) return *decimal;
  return std::nullopt;
}

std::optional<Quantity> quantity_of(const Item& item) {
  if (const auto* quantity = item.as<Quantity>()) return *quantity;
  if (const auto number = number_of(item)) return Quantity{*number, "1", false};
  return std::nullopt;
}

bool is_long_span(const Quantity& quantity) {
  return quantity.is_calendar && (quantity.unit == "year" || quantity.unit == "month");
}

/// The UCUM code of a unit. `loosely`: years and months as UCUM's.
std::string_view ucum_of(const Quantity& quantity, bool loosely) {
  if (!quantity.is_calendar) return quantity.unit;
  if (loosely && quantity.unit == "year") return "a";
  if (loosely && quantity.unit == "month") return "mo";
  for (const CalendarWord& one : calendar_words) {
    if (one.singular == quantity.unit) return one.ucum;
  }
  return {};
}

/// By which factor `from` becomes `to`.
std::optional<long double> factor_between(const Quantity& from, const Quantity& to, bool loosely) {
  if (from.unit == to.unit && from.is_calendar == to.is_calendar) return 1;
  if (is_long_span(from) && is_long_span(to)) return from.unit == "year" ? 12 : 1.0L / 12;
  if (!loosely && (is_long_span(from) || is_long_span(to))) return std::nullopt;
  return conversion(ucum_of(from, loosely), ucum_of(to, loosely));
}

std::optional<int> compare_quantities(const Quantity& a, const Quantity& b) {
  const auto factor = factor_between(b, a, false);
  if (!factor) return std::nullopt;
  if (*factor == 1) return a.value < b.value ? -1 : a.value == b.value ? 0 : 1;
  const long double left = a.value.approximate();
  const long double right = b.value.approximate() * *factor;
  const long double size = std::max(std::fabs(left), std::fabs(right));
  if (std::fabs(left - right) <= size * relative_error) return 0;
  return left < right ? -1 : 1;
}

/// Equal as far as the one that is written less precisely tells.
bool roughly_equal(const Decimal& a, const Decimal& b) {
  const int scale = std::min(a.scale(), b.scale());
  const auto left = a.rounded(scale, Decimal::Rounding::half_away);
  const auto right = b.rounded(scale, Decimal::Rounding::half_away);
  return left && right && *left == *right;
}

bool equivalent_quantities(const Quantity& a, const Quantity& b) {
  const auto factor = factor_between(b, a, true);
  if (!factor) return false;
  if (*factor == 1) return roughly_equal(a.value, b.value);
  const int finer = std::max(0, static_cast<int>(std::lround(-std::log10(*factor))));
  const int scale = std::min(b.value.scale() + finer, Decimal::scale_max);
  const auto converted = Decimal::nearest(b.value.approximate() * *factor, std::min(scale, 18));
  return converted && roughly_equal(a.value, *converted);
}

std::string normal_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    out.push_back(space ? ' ' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  return out;
}

/// Two values of FHIRPath's own types.
std::optional<bool> equal_values(const Item& a, const Item& b) {
  const auto* moment = a.as<Temporal>();
  const auto* other = b.as<Temporal>();
  if (moment != nullptr && other != nullptr) {
    const bool of_day = moment->kind == Temporal::Kind::time;
    if (of_day != (other->kind == Temporal::Kind::time)) return false;
    const auto order = compare(*moment, *other);
    return order ? std::optional(*order == 0) : std::nullopt;
  }
  const auto left = number_of(a);
  const auto right = number_of(b);
  if (left && right) return *left == *right;
  if (a.as<Quantity>() != nullptr || b.as<Quantity>() != nullptr) {
    const auto quantity = quantity_of(a);
    const auto with = quantity_of(b);
    if (!quantity || !with) return false;
    if (is_long_span(*quantity) != is_long_span(*with)) return std::nullopt;
    const auto order = compare_quantities(*quantity, *with);
    return order && *order == 0;
  }
  if (const auto* text = a.as<std::string>()) {
    return b.as<std::string>() != nullptr && *text == *b.as<std::string>();
  }
  if (const auto* truth = a.as<bool>()) return b.as<bool>() != nullptr && *truth == *b.as<bool>();
  const auto* type = a.as<TypeName>();
  const auto* with = b.as<TypeName>();
  return type != nullptr && with != nullptr && type->space == with->space &&
         type->name == with->name;
}

Error incomparable() {
  return make_error(ErrorCode::fhirpath_invalid, "these values have no order");
}

}  // namespace

std::string_view calendar_word(std::string_view text) {
  for (const CalendarWord& one : calendar_words) {
    if (text == one.singular || text == one.plural) return one.singular;
  }
  return {};
}

bool same_json(json::Value a, json::Value b) {
  if (!a.present() || !b.present()) return a.present() == b.present();
  if (a.type() != b.type()) return false;
  if (a.is_array()) {
    if (a.size() != b.size()) return false;
    auto other = b.items().begin();
    for (const json::Value one : a.items()) {
      if (!same_json(one, *other)) return false;
      ++other;
    }
    return true;
  }
  if (a.is_object()) {
    if (a.size() != b.size()) return false;
    const auto members = a.members();
    return std::all_of(members.begin(), members.end(), [&](const json::Member& member) {
      const json::Value other = b.find(member.key);
      return other.present() && same_json(member.value, other);
    });
  }
  if (a.is_number()) {
    const auto left = Decimal::parse(a.number_text().value_or(""));
    const auto right = Decimal::parse(b.number_text().value_or(""));
    if (left && right) return *left == *right;
  }
  return json::identical(a, b);
}

std::optional<bool> equal_items(const Item& a, const Item& b) {
  const auto left = system_value(a);
  const auto right = system_value(b);
  if (left && right) return equal_values(*left, *right);
  const NodeItem* node = a.node();
  const NodeItem* other = b.node();
  if (node == nullptr || other == nullptr) return false;
  return same_json(node->value, other->value) && same_json(node->extra, other->extra);
}

bool equivalent_items(const Item& a, const Item& b) {
  const auto left = system_value(a);
  const auto right = system_value(b);
  if (!left || !right) return equal_items(a, b).value_or(false);
  if (const auto* text = left->as<std::string>()) {
    const auto* other = right->as<std::string>();
    return other != nullptr && normal_text(*text) == normal_text(*other);
  }
  if (left->as<Quantity>() != nullptr || right->as<Quantity>() != nullptr) {
    const auto quantity = quantity_of(*left);
    const auto with = quantity_of(*right);
    return quantity && with && equivalent_quantities(*quantity, *with);
  }
  const auto number = number_of(*left);
  const auto other = number_of(*right);
  if (number && other) return roughly_equal(*number, *other);
  return equal_values(*left, *right).value_or(false);
}

Result<std::optional<int>> order_of(const Item& a, const Item& b) {
  const auto left = system_value(a);
  const auto right = system_value(b);
  if (!left || !right) return incomparable();
  const auto* moment = left->as<Temporal>();
  const auto* other = right->as<Temporal>();
  if (moment != nullptr && other != nullptr) {
    const bool of_day = moment->kind == Temporal::Kind::time;
    if (of_day != (other->kind == Temporal::Kind::time)) return incomparable();
    return compare(*moment, *other);
  }
  if (left->as<std::string>() != nullptr && right->as<std::string>() != nullptr) {
    const int order = left->as<std::string>()->compare(*right->as<std::string>());
    return std::optional<int>(order < 0 ? -1 : order > 0 ? 1 : 0);
  }
  const auto quantity = quantity_of(*left);
  const auto with = quantity_of(*right);
  if (!quantity || !with) return incomparable();
  return compare_quantities(*quantity, *with);
}

std::optional<std::string> string_of(const Item& item) {
  const auto value = system_value(item);
  if (!value) return std::nullopt;
  if (const auto* text = value->as<std::string>()) return *text;
  if (const auto* truth = value->as<bool>()) return *truth ? "true" : "false";
  if (const auto* whole = value->as<std::int64_t>()) return std::to_string(*whole);
  if (const auto* decimal = value->as<Decimal>()) return decimal->text();
  if (const auto* moment = value->as<Temporal>()) return moment_text(*moment);
  if (const auto* quantity = value->as<Quantity>()) {
    if (!quantity->is_calendar) return quantity->value.text() + " '" + quantity->unit + "'";
    const bool one = quantity->value == Decimal::of(1);
    return quantity->value.text() + " " + quantity->unit + (one ? "" : "s");
  }
  return std::nullopt;
}

std::optional<Quantity> read_quantity(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && (text[end] == '-' || text[end] == '+' || text[end] == '.' ||
                               (text[end] >= '0' && text[end] <= '9'))) {
    ++end;
  }
  const auto value = Decimal::parse(text.substr(0, end));
  if (!value) return std::nullopt;
  std::string_view unit = text.substr(end);
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  if (unit.empty()) {
    return end == text.size() ? std::optional(Quantity{*value, "1", false}) : std::nullopt;
  }
  if (unit.size() > 2 && unit.front() == '\'' && unit.back() == '\'') {
    return Quantity{*value, std::string(unit.substr(1, unit.size() - 2)), false};
  }
  const std::string_view word = calendar_word(unit);
  if (word.empty()) return std::nullopt;
  return Quantity{*value, std::string(word), true};
}

}  // namespace xl::fhir::fhirpath
