// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Elements of a resource as items: what they are called, what their types are, what they stand for.
#include "fhir/fhirpath/value.h"

#include <algorithm>
#include <array>
#include <utility>

namespace xl::fhir::fhirpath {
namespace {

constexpr std::string_view ucum_system = "http://unitsofmeasure.org";

/// Types derived from others, beside resources and backbone elements (R4 §2.24).
constexpr auto derived_types =
    std::to_array<std::pair<std::string_view, std::string_view>>({{"code", "string"},
                                                                  {"id", "string"},
                                                                  {"markdown", "string"},
                                                                  {"url", "uri"},
                                                                  {"canonical", "uri"},
                                                                  {"uuid", "uri"},
                                                                  {"oid", "uri"},
                                                                  {"unsignedInt", "integer"},
                                                                  {"positiveInt", "integer"},
                                                                  {"Age", "Quantity"},
                                                                  {"Count", "Quantity"},
                                                                  {"Distance", "Quantity"},
                                                                  {"Duration", "Quantity"},
                                                                  {"MoneyQuantity", "Quantity"},
                                                                  {"SimpleQuantity", "Quantity"}});

constexpr auto system_types = std::to_array<std::string_view>(
    {"Boolean", "Integer", "Decimal", "String", "Date", "DateTime", "Time", "Quantity", "Any"});
constexpr auto abstract_types =
    std::to_array<std::string_view>({"Resource", "DomainResource", "Element", "BackboneElement"});

std::string_view type_name_of_resource(json::Value resource) {
  return resource.find("resourceType").as_string().value_or(std::string_view{});
}

/// One value of an element as an item.
Item item_at(const Element& element, json::Value value, json::Value extra) {
  NodeItem out{value, extra, element.kind, {}};
  if (element.kind == Kind::complex) out.type = element.type();
  if (element.kind == Kind::resource) {
    const auto type = find_type(type_name_of_resource(value));
    if (type) out.type = *type;
  }
  return {out};
}

/// Every value of an element, with the objects beside a primitive's.
void append_values(const Element& element, json::Value value, json::Value extra, Collection& out) {
  if (!value.is_array() && !extra.is_array()) {
    const bool there = value.present() && !value.is_null();
    const bool known = element.kind != Kind::resource || find_type(type_name_of_resource(value));
    if ((there && known) || extra.is_object()) {
      out.push_back(item_at(element, there ? value : json::Value{}, extra));
    }
    return;
  }
  auto values = value.items().begin();
  auto extras = extra.items().begin();
  const std::size_t count = std::max(value.size(), extra.size());
  for (std::size_t i = 0; i < count; ++i) {
    const bool has_value = i < value.size();
    const bool has_extra = i < extra.size();
    const json::Value one = has_value ? *values : json::Value{};
    const json::Value beside = has_extra ? *extras : json::Value{};
    if (!one.is_array() && !beside.is_array()) append_values(element, one, beside, out);
    if (has_value) ++values;
    if (has_extra) ++extras;
  }
}

/// Id and extensions of an element that is primitive.
void append_of_primitive(const NodeItem& node, std::string_view name, Collection& out) {
  static const TypeId element_type = *find_type("Element");
  const Element* element = find_element(element_type, name);
  if (element == nullptr || !node.extra.present()) return;
  append_values(*element, node.extra.find(name), node.extra.find("_" + std::string(name)), out);
}

/// `value` of `value[x]`.
std::string_view common_name(TypeId type, const Element& element) {
  std::string_view name = choice_name(type, element);
  if (name.empty()) return element.name();
  name.remove_suffix(3);
  return name;
}

void append_of_object(const NodeItem& node, std::string_view name, Collection& out) {
  const Element* element = find_element(node.type, name);
  if (element != nullptr && element->choice == 0) {
    json::Value extra;
    if (is_primitive(element->kind)) extra = node.value.find("_" + std::string(name));
    append_values(*element, node.value.find(name), extra, out);
    return;
  }
  for (const json::Member& member : node.value.members()) {
    std::string_view key = member.key;
    const bool beside = key.starts_with('_');
    if (beside) key.remove_prefix(1);
    if (!key.starts_with(name) || key.size() == name.size()) continue;
    const Element* choice = find_element(node.type, key);
    if (choice == nullptr || choice->choice == 0 || common_name(node.type, *choice) != name)
      continue;
    const json::Value value = beside ? node.value.find(key) : member.value;
    if (beside && value.present()) continue;  // taken with its value
    const json::Value extra = beside ? member.value : node.value.find("_" + std::string(key));
    append_values(*choice, value, extra, out);
  }
}

Item of_name(std::string text) { return item_of(std::move(text)); }

std::optional<Item> number_value(const NodeItem& node) {
  const auto text = node.value.number_text();
  const auto value = text ? Decimal::parse(*text) : std::nullopt;
  if (!value) return std::nullopt;
  if (node.kind == Kind::decimal) return item_of(*value);
  const auto whole = value->truncated();
  return whole ? std::optional(item_of(*whole)) : std::nullopt;
}

std::optional<Item> moment_value(const NodeItem& node, std::string_view text) {
  const auto value = node.kind == Kind::date   ? read_date(text)
                     : node.kind == Kind::time ? read_time(text)
                                               : read_date_time(text);
  return value ? std::optional(item_of(*value)) : std::nullopt;
}

std::optional<Item> primitive_value(const NodeItem& node) {
  switch (node.kind) {
    case Kind::boolean: {
      const auto truth = node.value.as_bool();
      return truth ? std::optional(item_of(*truth)) : std::nullopt;
    }
    case Kind::integer:
    case Kind::unsigned_int:
    case Kind::positive_int:
    case Kind::decimal:
      return number_value(node);
    default:
      break;
  }
  const auto text = node.value.as_string();
  if (!text) return std::nullopt;
  const bool moment = node.kind == Kind::date || node.kind == Kind::date_time ||
                      node.kind == Kind::instant || node.kind == Kind::time;
  return moment ? moment_value(node, *text) : std::optional(item_of(std::string(*text)));
}

bool is_quantity(const NodeItem& node) {
  if (node.kind != Kind::complex) return false;
  const std::string_view name = type_name(node);
  return name == "Quantity" ||
         std::any_of(derived_types.begin(), derived_types.end(), [&](const auto& one) {
           return one.first == name && one.second == "Quantity";
         });
}

std::optional<Item> quantity_value(const NodeItem& node) {
  const auto text = node.value.find("value").number_text();
  const auto value = text ? Decimal::parse(*text) : std::nullopt;
  if (!value) return std::nullopt;
  const bool ucum = node.value.find("system").as_string() == ucum_system;
  const json::Value code = node.value.find(ucum ? "code" : "unit");
  return item_of(Quantity{*value, std::string(code.as_string().value_or("1")), false});
}

std::string_view system_name(const Item& item) {
  struct Namer {
    std::string_view operator()(const NodeItem&) const { return {}; }
    std::string_view operator()(bool) const { return "Boolean"; }
    std::string_view operator()(std::int64_t) const { return "Integer"; }
    std::string_view operator()(const Decimal&) const { return "Decimal"; }
    std::string_view operator()(const std::string&) const { return "String"; }
    std::string_view operator()(const Temporal& value) const {
      if (value.kind == Temporal::Kind::date) return "Date";
      return value.kind == Temporal::Kind::time ? "Time" : "DateTime";
    }
    std::string_view operator()(const Quantity&) const { return "Quantity"; }
    std::string_view operator()(const TypeName&) const { return "TypeInfo"; }
  };
  return std::visit(Namer{}, item.data);
}

bool is_of_fhir_type(const NodeItem& node, std::string_view name, bool exactly) {
  const std::string_view own = type_name(node);
  if (own == name) return true;
  if (exactly) return false;
  for (const auto& [derived, base] : derived_types) {
    if (derived == own && base == name) return true;
  }
  if (is_resource_type(own)) {
    const bool plain = own == "Bundle" || own == "Binary" || own == "Parameters";
    return name == "Resource" || (name == "DomainResource" && !plain);
  }
  return name == "Element";
}

}  // namespace

std::optional<Item> system_value(const Item& item) {
  const NodeItem* node = item.node();
  if (node == nullptr) return item;
  if (is_primitive(node->kind)) return primitive_value(*node);
  return is_quantity(*node) ? quantity_value(*node) : std::nullopt;
}

std::optional<Item> resource_item(json::Value resource) {
  const std::string_view name = type_name_of_resource(resource);
  const auto type = find_type(name);
  if (!type || !is_resource_type(name)) return std::nullopt;
  return Item{NodeItem{resource, {}, Kind::resource, *type}};
}

void append_children(const Item& item, std::string_view name, Collection& out) {
  if (const auto* type = item.as<TypeName>()) {
    if (name == "namespace") out.push_back(of_name(type->space));
    if (name == "name") out.push_back(of_name(type->name));
    return;
  }
  const NodeItem* node = item.node();
  if (node == nullptr) return;
  if (is_primitive(node->kind)) return append_of_primitive(*node, name, out);
  if (node->value.is_object()) append_of_object(*node, name, out);
}

void append_all_children(const Item& item, Collection& out) {
  const NodeItem* node = item.node();
  if (node == nullptr) return;
  const json::Value object = is_primitive(node->kind) ? node->extra : node->value;
  std::string_view before;
  for (const json::Member& member : object.members()) {
    std::string_view key = member.key;
    if (key == "resourceType") continue;
    if (key.starts_with('_')) {
      key.remove_prefix(1);
      if (object.find(key).present()) continue;
    }
    if (!is_primitive(node->kind)) {
      const Element* element = find_element(node->type, key);
      if (element == nullptr) continue;
      key = common_name(node->type, *element);
    }
    if (std::exchange(before, key) != key) append_children(item, key, out);
  }
}

bool has_element(TypeId type, std::string_view name) {
  const auto elements = elements_of(type);
  return std::any_of(elements.begin(), elements.end(),
                     [&](const Element& element) { return common_name(type, element) == name; });
}

std::string_view type_name(const NodeItem& node) {
  if (is_primitive(node.kind)) return kind_name(node.kind);
  const std::string_view path = type_path(node.type);
  return path.find('.') == std::string_view::npos ? path : "BackboneElement";
}

bool is_of_type(const Item& item, std::string_view space, std::string_view name, bool exactly) {
  const NodeItem* node = item.node();
  if (node == nullptr) return (space.empty() || space == "System") && system_name(item) == name;
  if (!space.empty() && space != "FHIR") return false;
  return is_of_fhir_type(*node, name, exactly);
}

bool is_known_type(std::string_view space, std::string_view name) {
  const auto listed = [&](const auto& list) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  const bool system = space.empty() || space == "System";
  if (system && listed(system_types)) return true;
  if (space == "System") return true;  // a type of no value: nothing is of it
  if (listed(abstract_types)) return true;
  for (auto kind = Kind::boolean; is_primitive(kind);
       kind = static_cast<Kind>(static_cast<std::uint8_t>(kind) + 1)) {
    if (kind_name(kind) == name) return true;
  }
  return name.find('.') == std::string_view::npos && find_type(name).has_value();
}

}  // namespace xl::fhir::fhirpath
