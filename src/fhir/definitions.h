// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

/// The definitions of FHIR R4 (4.0.1), compiled at build time from the official ones: every
/// resource and data type, its elements, and the codes of its required bindings.
namespace xl::fhir {

/// What an element holds: one of the primitive types of R4 §2.24.0.1, an object with elements of
/// its own (a data type or a backbone element), or a whole resource.
enum class Kind : std::uint8_t {
  boolean,
  integer,
  unsigned_int,
  positive_int,
  decimal,
  string,
  code,
  id,
  uri,
  url,
  canonical,
  oid,
  uuid,
  date,
  date_time,
  instant,
  time,
  base64_binary,
  markdown,
  xhtml,
  complex,
  resource
};

/// True for everything but `complex` and `resource`.
[[nodiscard]] constexpr bool is_primitive(Kind kind) { return kind < Kind::complex; }

/// The name of a kind as FHIR writes it (`dateTime`); `Element` and `Resource` for the other two.
[[nodiscard]] std::string_view kind_name(Kind kind);

/// The number of a type or backbone element, as `find_type` gives it. Not stable between versions.
enum class TypeId : std::uint16_t {};

namespace detail {

/// A text of the generated tables.
struct Text {
  std::uint32_t at;
  std::uint16_t size;
  [[nodiscard]] std::string_view view() const;
};

}  // namespace detail

/// One element as it is written in JSON; a choice such as `value[x]` has one for each of its types.
struct Element {
  detail::Text json_name;
  Kind kind;
  std::uint16_t node;     ///< complex: the type of the value
  std::uint16_t binding;  ///< 0: none whose codes are known
  std::uint8_t max;       ///< 0: any number
  std::uint8_t choice;    ///< 0: no choice, else its number within the type, from 1
  std::uint8_t min;       ///< of the whole choice, where it is one
  bool is_array;          ///< JSON has an array, whatever `max` says
  bool is_forbidden;      ///< known, but not allowed in this type
  bool is_summary;        ///< part of a summary (R4 §3.1.1.5.8)

  /// `valueQuantity`.
  [[nodiscard]] std::string_view name() const { return json_name.view(); }
  /// Precondition: `kind` is complex.
  [[nodiscard]] TypeId type() const { return TypeId{node}; }
};

/// True for the names of concrete resource types (`Patient`). Logarithmic. Thread-safe.
[[nodiscard]] bool is_resource_type(std::string_view name);

/// The names of every concrete resource type, in the order of bytes. Thread-safe.
[[nodiscard]] std::vector<std::string_view> resource_types();

/// The type with this path: a resource or data type (`Observation`, `HumanName`) or an element with
/// elements of its own (`Observation.component`). Logarithmic. Thread-safe.
[[nodiscard]] std::optional<TypeId> find_type(std::string_view path);

/// The path of a type, as `find_type` takes it. Thread-safe.
[[nodiscard]] std::string_view type_path(TypeId type);

/// The element called `json_name` in objects of a type, or null. Content references are resolved.
/// Logarithmic. Thread-safe.
[[nodiscard]] const Element* find_element(TypeId type, std::string_view json_name);

/// Every element of a type by JSON name, in the order of bytes. Thread-safe.
[[nodiscard]] std::span<const Element> elements_of(TypeId type);

/// The name of the choice an element belongs to (`value[x]`), empty for none. Thread-safe.
[[nodiscard]] std::string_view choice_name(TypeId type, const Element& element);

/// The canonical URL of the value set of an element's required binding; empty without one, and for
/// the few whose codes FHIR does not list (languages, currencies, media types, units). Thread-safe.
[[nodiscard]] std::string_view binding_url(const Element& element);

/// True when the required binding of an element has this code. An empty `system` matches codes of
/// any system. True for every code of an element without a known binding. Logarithmic. Thread-safe.
[[nodiscard]] bool binding_allows(const Element& element, std::string_view code,
                                  std::string_view system = {});

}  // namespace xl::fhir
