// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Source: FHIRPath N1 §5.1 to §5.4, §5.8, §6.3, §7.
#include <algorithm>
#include <array>

#include "fhir/fhirpath/evaluator.h"

namespace xl::fhir::fhirpath {

namespace on_collections {
namespace {

Collection single_item(const Collection& items, std::size_t at) {
  return at < items.size() ? one(items[at]) : Collection{};
}

Result<Collection> is_empty(const Call& call) { return truth(call.input.empty()); }

Result<Collection> negation(const Call& call) {
  XL_TRY_ASSIGN(const auto value, truth_of(call.input));
  return truth(value ? std::optional(!*value) : std::nullopt);
}

/// The items for which the first argument holds.
Result<Collection> where(const Call& call) {
  Collection out;
  for (std::size_t i = 0; i < call.input.size(); ++i) {
    XL_TRY_ASSIGN(const Collection said, call.argument_for(0, one(call.input[i]), i));
    XL_TRY_ASSIGN(const auto holds_here, truth_of(said));
    if (holds_here == true) out.push_back(call.input[i]);
  }
  return out;
}

Result<Collection> exists(const Call& call) {
  if (call.count() == 0) return truth(!call.input.empty());
  XL_TRY_ASSIGN(const Collection found, where(call));
  return truth(!found.empty());
}

Result<Collection> all(const Call& call) {
  for (std::size_t i = 0; i < call.input.size(); ++i) {
    XL_TRY_ASSIGN(const Collection said, call.argument_for(0, one(call.input[i]), i));
    XL_TRY_ASSIGN(const auto holds_here, truth_of(said));
    if (holds_here != true) return truth(false);
  }
  return truth(true);
}

/// How many items are true. Errors: fhirpath_invalid (one is no Boolean).
Result<std::size_t> count_true(const Collection& items) {
  std::size_t out = 0;
  for (const Item& item : items) {
    const auto value = system_value(item);
    const bool* said = value ? value->as<bool>() : nullptr;
    if (said == nullptr) return invalid("Booleans are wanted");
    out += *said ? 1 : 0;
  }
  return out;
}

Result<Collection> all_true(const Call& call) {
  XL_TRY_ASSIGN(const std::size_t count, count_true(call.input));
  return truth(count == call.input.size());
}
Result<Collection> any_true(const Call& call) {
  XL_TRY_ASSIGN(const std::size_t count, count_true(call.input));
  return truth(count > 0);
}
Result<Collection> all_false(const Call& call) {
  XL_TRY_ASSIGN(const std::size_t count, count_true(call.input));
  return truth(count == 0);
}
Result<Collection> any_false(const Call& call) {
  XL_TRY_ASSIGN(const std::size_t count, count_true(call.input));
  return truth(count < call.input.size());
}

Result<bool> is_within(const Call& call, const Collection& some, const Collection& all_items) {
  XL_TRY(call.evaluator.charge(some.size() * all_items.size()));
  return std::all_of(some.begin(), some.end(),
                     [&](const Item& item) { return holds(all_items, item); });
}

Result<Collection> subset_of(const Call& call) {
  XL_TRY_ASSIGN(const Collection other, call.argument(0));
  XL_TRY_ASSIGN(const bool within, is_within(call, call.input, other));
  return truth(within);
}
Result<Collection> superset_of(const Call& call) {
  XL_TRY_ASSIGN(const Collection other, call.argument(0));
  XL_TRY_ASSIGN(const bool within, is_within(call, other, call.input));
  return truth(within);
}

Result<Collection> count(const Call& call) {
  return one(item_of(static_cast<std::int64_t>(call.input.size())));
}

Result<Collection> distinct(const Call& call) {
  Collection out;
  XL_TRY(add_distinct(call.evaluator, call.input, out));
  return out;
}
Result<Collection> is_distinct(const Call& call) {
  XL_TRY_ASSIGN(const Collection out, distinct(call));
  return truth(out.size() == call.input.size());
}

Result<Collection> select(const Call& call) {
  Collection out;
  for (std::size_t i = 0; i < call.input.size(); ++i) {
    XL_TRY_ASSIGN(Collection found, call.argument_for(0, one(call.input[i]), i));
    std::move(found.begin(), found.end(), std::back_inserter(out));
  }
  return out;
}

Result<Collection> repeat(const Call& call) {
  Collection out;
  Collection waiting = call.input;
  while (!waiting.empty()) {
    Collection next;
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      XL_TRY_ASSIGN(const Collection found, call.argument_for(0, one(waiting[i]), i));
      for (const Item& item : found) {
        XL_TRY(call.evaluator.charge(1 + out.size()));
        if (holds(out, item)) continue;
        out.push_back(item);
        next.push_back(item);
      }
    }
    waiting = std::move(next);
  }
  return out;
}

/// The type that an argument names. Errors: fhirpath_invalid.
Result<TypeSpecifier> type_argument(const Call& call) {
  auto type = type_specifier_of(call.part(0));
  if (!type || !is_known_type(type->space, type->name)) return invalid("there is no such type");
  return std::move(*type);
}

Result<Collection> of_type(const Call& call) {
  XL_TRY_ASSIGN(const TypeSpecifier type, type_argument(call));
  Collection out;
  for (const Item& item : call.input) {
    if (is_of_type(item, type.space, type.name, true)) out.push_back(item);
  }
  return out;
}
Result<Collection> as_type(const Call& call) {
  if (call.input.size() > 1 && call.evaluator.environment().strict) {
    return invalid("one item has a type");
  }
  return of_type(call);
}
Result<Collection> is_type(const Call& call) {
  XL_TRY_ASSIGN(const TypeSpecifier type, type_argument(call));
  if (call.input.empty()) return Collection{};
  if (call.input.size() > 1) return invalid("one item has a type");
  return truth(is_of_type(call.input.front(), type.space, type.name, false));
}

Result<Collection> type_of(const Call& call) {
  Collection out;
  for (const Item& item : call.input) {
    if (const NodeItem* node = item.node()) {
      out.push_back({TypeName{"FHIR", std::string(type_name(*node))}});
      continue;
    }
    for (const std::string_view name :
         {"Boolean", "Integer", "Decimal", "String", "Date", "DateTime", "Time", "Quantity"}) {
      if (!is_of_type(item, "System", name, true)) continue;
      out.push_back({TypeName{"System", std::string(name)}});
    }
  }
  return out;
}

Result<Collection> single(const Call& call) {
  if (call.input.size() > 1) return invalid("single() of several items");
  return call.input;
}
Result<Collection> first(const Call& call) { return single_item(call.input, 0); }
Result<Collection> last(const Call& call) {
  return call.input.empty() ? Collection{} : one(call.input.back());
}

Collection part_of(const Collection& items, std::size_t from, std::size_t number) {
  if (from >= items.size()) return {};
  const std::size_t end = from + std::min(number, items.size() - from);
  return {items.begin() + static_cast<std::ptrdiff_t>(from),
          items.begin() + static_cast<std::ptrdiff_t>(end)};
}

Result<Collection> tail(const Call& call) { return part_of(call.input, 1, call.input.size()); }
Result<Collection> skip(const Call& call) {
  XL_TRY_ASSIGN(const auto number, call.integer(0));
  if (!number) return Collection{};
  return part_of(call.input, static_cast<std::size_t>(std::max<std::int64_t>(*number, 0)),
                 call.input.size());
}
Result<Collection> take(const Call& call) {
  XL_TRY_ASSIGN(const auto number, call.integer(0));
  if (!number) return Collection{};
  return part_of(call.input, 0, static_cast<std::size_t>(std::max<std::int64_t>(*number, 0)));
}

Result<Collection> intersect(const Call& call) {
  XL_TRY_ASSIGN(const Collection other, call.argument(0));
  Collection out;
  for (const Item& item : call.input) {
    XL_TRY(call.evaluator.charge(other.size() + out.size()));
    if (holds(other, item) && !holds(out, item)) out.push_back(item);
  }
  return out;
}
Result<Collection> exclude(const Call& call) {
  XL_TRY_ASSIGN(const Collection other, call.argument(0));
  Collection out;
  for (const Item& item : call.input) {
    XL_TRY(call.evaluator.charge(other.size()));
    if (!holds(other, item)) out.push_back(item);
  }
  return out;
}
Result<Collection> union_of(const Call& call) {
  XL_TRY_ASSIGN(const Collection other, call.argument(0));
  Collection out;
  XL_TRY(add_distinct(call.evaluator, call.input, out));
  XL_TRY(add_distinct(call.evaluator, other, out));
  return out;
}
Result<Collection> combine(const Call& call) {
  XL_TRY_ASSIGN(const Collection other, call.argument(0));
  Collection out = call.input;
  out.insert(out.end(), other.begin(), other.end());
  XL_TRY(call.evaluator.charge(out.size()));
  return out;
}

Result<Collection> iif(const Call& call) {
  if (call.input.size() > 1) return invalid("iif() of several items");
  const Scope within{call.input, call.scope.index, call.scope.total};
  XL_TRY_ASSIGN(const Collection said, call.evaluator.run(call.part(0), within));
  if (call.evaluator.environment().strict && said.size() == 1) {
    const auto value = system_value(said.front());
    if (!value || value->as<bool>() == nullptr) return invalid("a condition is a Boolean");
  }
  XL_TRY_ASSIGN(const auto holds_here, truth_of(said));
  if (holds_here == true) return call.evaluator.run(call.part(1), within);
  return call.count() < 3 ? Collection{} : call.evaluator.run(call.part(2), within);
}

Result<Collection> aggregate(const Call& call) {
  Collection total;
  if (call.count() == 2) {
    XL_TRY_ASSIGN(total, call.argument(1));
  }
  for (std::size_t i = 0; i < call.input.size(); ++i) {
    XL_TRY_ASSIGN(total, call.argument_for(0, one(call.input[i]), i, &total));
  }
  return total;
}

Result<Collection> children(const Call& call) {
  Collection out;
  for (const Item& item : call.input) append_all_children(item, out);
  XL_TRY(call.evaluator.charge(out.size()));
  return out;
}
Result<Collection> descendants(const Call& call) {
  Collection out;
  for (const Item& item : call.input) append_all_children(item, out);
  for (std::size_t i = 0; i < out.size(); ++i) {
    XL_TRY(call.evaluator.charge(1));
    const Item item = out[i];  // `out` moves as it grows
    append_all_children(item, out);
  }
  return out;
}

Result<Collection> trace(const Call& call) { return call.input; }

/// By one or more keys; `-` before a key turns its order around.
Result<Collection> sort(const Call& call) {
  struct Row {
    Item item;
    std::vector<Collection> keys;
  };
  std::vector<Row> rows;
  for (std::size_t i = 0; i < call.input.size(); ++i) {
    Row row{call.input[i], {}};
    const Collection self = one(call.input[i]);
    if (call.count() == 0) row.keys.push_back(self);
    for (std::size_t key = 0; key < call.count(); ++key) {
      const Syntax* part = &call.part(key);
      if (part->op == Operator::negate) part = part->operands[0].get();
      XL_TRY_ASSIGN(Collection value,
                    call.evaluator.run(*part, {self, static_cast<std::int64_t>(i)}));
      if (value.size() > 1) return invalid("a key of sort() is one value");
      row.keys.push_back(std::move(value));
    }
    rows.push_back(std::move(row));
  }
  Status failed;
  const auto before = [&](const Row& a, const Row& b) {
    for (std::size_t key = 0; key < a.keys.size(); ++key) {
      const bool turned = call.count() > 0 && call.part(key).op == Operator::negate;
      if (a.keys[key].empty() || b.keys[key].empty()) {
        if (a.keys[key].empty() == b.keys[key].empty()) continue;
        return a.keys[key].empty() == turned;  // nothing is behind everything
      }
      const auto order = order_of(a.keys[key].front(), b.keys[key].front());
      if (!order.ok()) failed = order.error();
      if (!order.ok() || !*order || **order == 0) continue;
      return turned ? **order > 0 : **order < 0;
    }
    return false;
  };
  XL_TRY(call.evaluator.charge(rows.size() * 16));
  std::stable_sort(rows.begin(), rows.end(), before);
  if (!failed.ok()) return failed.error();
  Collection out;
  for (Row& row : rows) out.push_back(std::move(row.item));
  return out;
}

Result<Collection> now(const Call& call) {
  return one(item_of(date_time_of(call.evaluator.environment().now_ms)));
}
Result<Collection> today(const Call& call) {
  Temporal out = date_time_of(call.evaluator.environment().now_ms);
  out.kind = Temporal::Kind::date;
  out.precision = Temporal::Precision::day;
  out.zone_minutes.reset();
  return one(item_of(out));
}
Result<Collection> time_of_day(const Call& call) {
  Temporal out = date_time_of(call.evaluator.environment().now_ms);
  out.kind = Temporal::Kind::time;
  out.zone_minutes.reset();
  return one(item_of(out));
}

constexpr std::size_t many = 16;

constexpr auto functions = std::to_array<Function>({{"empty", 0, 0, is_empty},
                                                    {"exists", 0, 1, exists},
                                                    {"all", 1, 1, all},
                                                    {"allTrue", 0, 0, all_true},
                                                    {"anyTrue", 0, 0, any_true},
                                                    {"allFalse", 0, 0, all_false},
                                                    {"anyFalse", 0, 0, any_false},
                                                    {"subsetOf", 1, 1, subset_of},
                                                    {"supersetOf", 1, 1, superset_of},
                                                    {"count", 0, 0, count},
                                                    {"distinct", 0, 0, distinct},
                                                    {"isDistinct", 0, 0, is_distinct},
                                                    {"where", 1, 1, where},
                                                    {"select", 1, 1, select},
                                                    {"repeat", 1, 1, repeat},
                                                    {"ofType", 1, 1, of_type},
                                                    {"as", 1, 1, as_type},
                                                    {"is", 1, 1, is_type},
                                                    {"type", 0, 0, type_of},
                                                    {"single", 0, 0, single},
                                                    {"first", 0, 0, first},
                                                    {"last", 0, 0, last},
                                                    {"tail", 0, 0, tail},
                                                    {"skip", 1, 1, skip},
                                                    {"take", 1, 1, take},
                                                    {"intersect", 1, 1, intersect},
                                                    {"exclude", 1, 1, exclude},
                                                    {"union", 1, 1, union_of},
                                                    {"combine", 1, 1, combine},
                                                    {"iif", 2, 3, iif},
                                                    {"not", 0, 0, negation},
                                                    {"aggregate", 1, 2, aggregate},
                                                    {"children", 0, 0, children},
                                                    {"descendants", 0, 0, descendants},
                                                    {"trace", 1, 2, trace},
                                                    {"sort", 0, many, sort},
                                                    {"now", 0, 0, now},
                                                    {"today", 0, 0, today},
                                                    {"timeOfDay", 0, 0, time_of_day}});

}  // namespace
}  // namespace on_collections

std::span<const Function> collection_functions() { return on_collections::functions; }

Result<std::optional<Item>> Call::value() const {
  if (input.empty()) return std::optional<Item>();
  if (input.size() > 1) return invalid("one value is wanted");
  auto out = system_value(input.front());
  if (!out && input.front().node() != nullptr && !is_primitive(input.front().node()->kind)) {
    return invalid("a value is wanted");
  }
  return out;
}

Result<std::optional<std::string>> Call::text_input() const {
  XL_TRY_ASSIGN(const auto item, value());
  if (!item) return std::optional<std::string>();
  const auto* text = item->as<std::string>();
  if (text == nullptr) return invalid("a String is wanted");
  XL_TRY(evaluator.charge_text(text->size()));
  return std::optional(*text);
}

Result<std::optional<std::string>> Call::text(std::size_t number) const {
  XL_TRY_ASSIGN(const Collection given, argument(number));
  if (given.empty()) return std::optional<std::string>();
  const auto item = given.size() == 1 ? system_value(given.front()) : std::nullopt;
  const auto* said = item ? item->as<std::string>() : nullptr;
  if (said == nullptr) return invalid("a String is wanted");
  return std::optional(*said);
}

Result<std::optional<std::int64_t>> Call::integer(std::size_t number) const {
  XL_TRY_ASSIGN(const Collection given, argument(number));
  if (given.empty()) return std::optional<std::int64_t>();
  const auto item = given.size() == 1 ? system_value(given.front()) : std::nullopt;
  const auto* said = item ? item->as<std::int64_t>() : nullptr;
  if (said == nullptr) return invalid("an Integer is wanted");
  return std::optional(*said);
}

}  // namespace xl::fhir::fhirpath
