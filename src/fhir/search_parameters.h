// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

/// The search parameters that FHIR R4 defines (4.0.1): plain data, made from the definitions.
namespace xl::fhir {

/// How values of a search parameter compare (R4 §3.1.1.4). `text` is FHIR's `string`.
enum class SearchType : std::uint8_t {
  number,
  date,
  text,
  token,
  reference,
  composite,
  quantity,
  uri,
  special
};

/// The name of a type as a CapabilityStatement has it.
[[nodiscard]] std::string_view search_type_name(SearchType type);

/// One part of a composite parameter.
struct SearchComponent {
  SearchType type;
  /// FHIRPath below the element that the composite looks at; alternatives in lines.
  std::string_view expression;
  /// The parameter that looks at the same elements of the resource itself; empty where the
  /// composite looks at inner elements alone.
  std::string_view code;
};

/// One search parameter of one type. All views are of static storage.
struct SearchParameter {
  std::string_view code;
  SearchType type;
  /// FHIRPath from the resource; alternatives in lines. Empty for what has none (`_text`). Of a
  /// composite: the inner elements that it looks at.
  std::string_view expression;
  std::string_view url;  ///< canonical
  std::uint16_t target;  ///< places in the tables
  std::uint8_t target_count;
  std::uint16_t component;
  std::uint8_t component_count;
  bool looks_at_root;  ///< composite: also at the resource itself

  /// The types that a reference may lead to.
  [[nodiscard]] std::span<const std::string_view> targets() const;
  [[nodiscard]] std::span<const SearchComponent> components() const;
};

/// The parameter `code` of a type or, with `Resource` or for a name that every type has (`_id`), of
/// all; null when there is none. Logarithmic. Thread-safe.
[[nodiscard]] const SearchParameter* find_search_parameter(std::string_view type,
                                                           std::string_view code);

/// True for the parameters that every type has. Thread-safe.
[[nodiscard]] bool is_common(const SearchParameter& parameter);

/// The parameters of a type without those that every type has, in the order of bytes; with
/// `Resource` these. Thread-safe.
[[nodiscard]] std::span<const SearchParameter> search_parameters_of(std::string_view type);

}  // namespace xl::fhir
