// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json/json.h"
#include "base/result.h"
#include "fhir/decimal.h"
#include "fhir/definitions.h"
#include "fhir/fhirpath/temporal.h"

namespace xl::fhir::fhirpath {

/// An element of a resource with its type by the definitions.
struct NodeItem {
  json::Value value;  ///< absent for a primitive that has extensions alone, and for a `resolve()`d
                      ///< reference whose resource is not at hand
  json::Value extra;  ///< of a primitive: the object beside it that holds its id and extensions
  Kind kind = Kind::complex;
  TypeId type{};  ///< of an object or a resource
};

/// A number with a unit.
struct Quantity {
  Decimal value;
  std::string unit;          ///< a UCUM code, `1` without; or a word of the calendar (`year`)
  bool is_calendar = false;  ///< written as a word
};

/// What `type()` answers.
struct TypeName {
  std::string space;
  std::string name;
};

/// One thing in a collection.
struct Item {
  using Data = std::variant<NodeItem, bool, std::int64_t, Decimal, std::string, Temporal, Quantity,
                            TypeName>;
  Data data;

  template <typename T>
  [[nodiscard]] const T* as() const {
    return std::get_if<T>(&data);
  }
  [[nodiscard]] const NodeItem* node() const { return as<NodeItem>(); }
};

using Collection = std::vector<Item>;

/// An item as a value of FHIRPath's own types: primitives and Quantities of FHIR become what they
/// stand for, others stay. Nothing for an object, and for a primitive without a value.
[[nodiscard]] std::optional<Item> system_value(const Item& item);

/// A resource as an item. Nothing when it is of no type of R4.
[[nodiscard]] std::optional<Item> resource_item(json::Value resource);

/// The elements called `name` of an item, in order; a choice by its common name (`value`).
void append_children(const Item& item, std::string_view name, Collection& out);
/// Every element of an item.
void append_all_children(const Item& item, Collection& out);
/// True when the type of an object has an element of this name.
[[nodiscard]] bool has_element(TypeId type, std::string_view name);

/// The FHIR type of a node (`HumanName`, `code`, `BackboneElement`).
[[nodiscard]] std::string_view type_name(const NodeItem& node);
/// True when `item` is of a type or of one derived from it. `exactly`: of that type itself.
[[nodiscard]] bool is_of_type(const Item& item, std::string_view space, std::string_view name,
                              bool exactly);
/// True for the names of types that there are.
[[nodiscard]] bool is_known_type(std::string_view space, std::string_view name);

/// `=`: nothing when what is not written decides.
[[nodiscard]] std::optional<bool> equal_items(const Item& a, const Item& b);
/// `~`.
[[nodiscard]] bool equivalent_items(const Item& a, const Item& b);
/// True for the same values: members in any order, numbers by value.
[[nodiscard]] bool same_json(json::Value a, json::Value b);
/// The order of two values. Errors: fhirpath_invalid (they have none). Nothing when what is not
/// written decides, or units do not convert.
[[nodiscard]] Result<std::optional<int>> order_of(const Item& a, const Item& b);

/// A value as `toString()` writes it; nothing for what has no text.
[[nodiscard]] std::optional<std::string> string_of(const Item& item);
/// Reads `1.5 'mg'` and `4 days`.
[[nodiscard]] std::optional<Quantity> read_quantity(std::string_view text);
/// The singular of a word of the calendar (`days` is `day`); empty for another word.
[[nodiscard]] std::string_view calendar_word(std::string_view text);

/// A value of one of FHIRPath's own types as an item.
template <typename T>
[[nodiscard]] Item item_of(T value) {
  return Item{Item::Data(std::in_place_type<T>, std::move(value))};
}

}  // namespace xl::fhir::fhirpath
