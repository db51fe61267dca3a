// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "fhir/definitions.h"

#include <algorithm>
#include <array>

#include "fhir/tables.h"

namespace xl::fhir {

using detail::Binding;
using detail::Code;
using detail::Node;

std::string_view detail::Text::view() const { return {text_pool + at, size}; }

std::string_view kind_name(Kind kind) {
  constexpr std::array<std::string_view, 22> names = {
      "boolean",  "integer", "unsignedInt", "positiveInt", "decimal",   "string",
      "code",     "id",      "uri",         "url",         "canonical", "oid",
      "uuid",     "date",    "dateTime",    "instant",     "time",      "base64Binary",
      "markdown", "xhtml",   "Element",     "Resource"};
  return names[static_cast<std::size_t>(kind)];
}

std::optional<TypeId> find_type(std::string_view path) {
  const std::span<const Node> all(detail::nodes, detail::node_count);
  const auto found = std::lower_bound(
      all.begin(), all.end(), path,
      [](const Node& node, std::string_view wanted) { return node.path.view() < wanted; });
  if (found == all.end() || found->path.view() != path) return std::nullopt;
  return TypeId{static_cast<std::uint16_t>(found - all.begin())};
}

std::vector<std::string_view> resource_types() {
  std::vector<std::string_view> out;
  for (std::uint16_t i = 0; i < detail::node_count; ++i) {
    if (detail::nodes[i].is_resource) out.push_back(detail::nodes[i].path.view());
  }
  return out;
}

bool is_resource_type(std::string_view name) {
  const auto type = find_type(name);
  return type && detail::node_of(*type).is_resource;
}

std::string_view type_path(TypeId type) { return detail::node_of(type).path.view(); }

std::span<const Element> elements_of(TypeId type) {
  const Node& node = detail::node_of(type);
  return {detail::elements + node.element, node.element_count};
}

const Element* find_element(TypeId type, std::string_view json_name) {
  const std::span<const Element> all = elements_of(type);
  const auto found = std::lower_bound(
      all.begin(), all.end(), json_name,
      [](const Element& element, std::string_view wanted) { return element.name() < wanted; });
  return found == all.end() || found->name() != json_name ? nullptr : &*found;
}

std::string_view choice_name(TypeId type, const Element& element) {
  if (element.choice == 0) return {};
  return detail::choices[detail::node_of(type).choice + element.choice - 1].name.view();
}

std::string_view binding_url(const Element& element) {
  return detail::bindings[element.binding].url.view();
}

bool binding_allows(const Element& element, std::string_view code, std::string_view system) {
  if (element.binding == 0) return true;
  const Binding& binding = detail::bindings[element.binding];
  const std::span<const Code> all(detail::codes + binding.code, binding.code_count);
  auto found = std::lower_bound(
      all.begin(), all.end(), code,
      [](const Code& row, std::string_view wanted) { return row.text.view() < wanted; });
  for (; found != all.end() && found->text.view() == code; ++found) {
    if (system.empty() || detail::systems[binding.system + found->system].view() == system) {
      return true;
    }
  }
  return false;
}

}  // namespace xl::fhir
