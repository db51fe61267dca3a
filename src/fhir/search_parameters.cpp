// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "fhir/search_parameters.h"

#include <algorithm>
#include <array>

#include "fhir/search_tables.h"

namespace xl::fhir {
namespace {

constexpr std::string_view every_type = "Resource";

}  // namespace

std::string_view search_type_name(SearchType type) {
  constexpr std::array<std::string_view, 9> names = {
      "number", "date", "string", "token", "reference", "composite", "quantity", "uri", "special"};
  return names[static_cast<std::size_t>(type)];
}

std::span<const std::string_view> SearchParameter::targets() const {
  return {detail::search_targets + target, target_count};
}

std::span<const SearchComponent> SearchParameter::components() const {
  return {detail::search_components + component, component_count};
}

std::span<const SearchParameter> search_parameters_of(std::string_view type) {
  const std::span all(detail::searched_types, detail::searched_type_count);
  const auto found = std::lower_bound(
      all.begin(), all.end(), type,
      [](const detail::SearchedType& row, std::string_view wanted) { return row.name < wanted; });
  if (found == all.end() || found->name != type) return {};
  return {detail::search_parameters + found->first, found->count};
}

bool is_common(const SearchParameter& parameter) {
  const auto all = search_parameters_of(every_type);
  return &parameter >= all.data() && &parameter < all.data() + all.size();
}

const SearchParameter* find_search_parameter(std::string_view type, std::string_view code) {
  const auto all = search_parameters_of(code.starts_with('_') ? every_type : type);
  const auto found = std::lower_bound(
      all.begin(), all.end(), code,
      [](const SearchParameter& row, std::string_view wanted) { return row.code < wanted; });
  return found == all.end() || found->code != code ? nullptr : &*found;
}

}  // namespace xl::fhir
