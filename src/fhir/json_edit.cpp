// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "fhir/json_edit.h"

#include <string>
#include <vector>

#include "base/check.h"

namespace xl::fhir {

void insert_at(json::Document& document, json::Node array, std::size_t index, json::Node value) {
  std::vector<json::Node> behind;
  for (std::size_t i = index; i < array.size(); ++i) {
    behind.push_back(document.make_copy(array.at(i)));
  }
  while (array.size() > index) array.remove_at(array.size() - 1);
  array.append(value);
  for (const json::Node& one : behind) array.append(one);
}

json::Node editable(json::Document& document, json::Value value) {
  // From the value up to the root, then down again along the same way.
  std::vector<const json::detail::Element*> way;
  for (const auto* at = value.element(); at->parent != nullptr; at = at->parent) way.push_back(at);
  json::Node out = document.edit();
  for (auto at = way.rbegin(); at != way.rend(); ++at) {
    out = out.is_object() ? out.find((*at)->key) : out.at(place_in_array(json::Value(*at)));
  }
  XL_CHECK(out.element() == value.element());
  return out;
}

std::size_t place_in_array(json::Value item) {
  const json::detail::Element* array = item.element()->parent;
  XL_CHECK(array != nullptr && array->type == json::Type::array);
  std::size_t out = 0;
  for (const auto* one = array->children.first; one != item.element(); one = one->next) ++out;
  return out;
}

}  // namespace xl::fhir
