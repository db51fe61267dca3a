// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json/json.h"
#include "fhir/fhirpath/value.h"
#include "fhir/search_parameters.h"
#include "model/id.h"

/// What a FHIR R4 resource can be found by: the values of its search parameters, as the definitions
/// say where they stand.
namespace xl::query {

/// Longest text of a term in bytes. A longer code or reference has no term, since no search value
/// can equal it; a longer name is cut at a character.
constexpr std::size_t term_bytes_max = 1024;
/// Longest value searched for. Below `term_bytes_max` by the longest UTF-8 character, so that a cut
/// name is still found by every value.
constexpr std::size_t search_value_bytes_max = term_bytes_max - 4;
/// Terms of one record; the largest public example has under 1,500.
constexpr std::size_t terms_max = 16384;
/// Between the parts of a value; no search value has it.
constexpr char part_mark = '\x1f';

/// Which way of searching a term serves; kept in the index, never renumbered.
enum class Form : std::uint8_t {
  code = 1,        ///< token: the code in lower case, whatever its system
  coded = 2,       ///< token: system and code
  system = 3,      ///< token: the system
  of_type = 4,     ///< Identifier: system and code of its type, and its value
  display = 5,     ///< token: the texts beside the code, folded
  target = 6,      ///< reference: base, type and id
  bare = 7,        ///< reference: the id alone
  identifier = 8,  ///< reference: system and value of its identifier
  identifier_value = 9,
  identifier_system = 10,
  uri = 11,
  words = 12,       ///< string: folded
  exact = 13,       ///< string: as written
  composite = 14,   ///< parts of one element, each with its form
  time = 15,        ///< range: milliseconds since 1970
  number = 16,      ///< range: `sortable` numbers, as the further ones
  quantity = 17,    ///< the number, whatever its unit
  unit = 18,        ///< with the code or the word of its unit
  coded_unit = 19,  ///< with system and code of a unit that does not convert
  measured = 20,    ///< in base units of UCUM, with what they measure
  latitude = 21,
  longitude = 22,
  replaced_by = 23,  ///< reference: target of a Patient's link that says that it was merged
  canonical = 24,    ///< reference: a canonical as it is written, without a fragment
  attachment = 25    ///< of no parameter: the id of a Binary here that an element `url` leads to
};

/// A value without its parameter.
struct Facet {
  Form form{};
  std::string value;  ///< what is equal when it is found; parts have `part_mark` between them
  std::string text;   ///< what it is sorted by, and found by in part; only forms that have one
  bool ranged = false;
  std::int64_t low = 0;  ///< ranged: both ends belong to it
  std::int64_t high = 0;
  bool operator==(const Facet&) const = default;
};

/// One searchable value of a record.
struct Term {
  const fhir::SearchParameter* parameter = nullptr;  ///< of `Form::attachment` alone none
  Facet facet;
  bool operator==(const Term&) const = default;
};

/// A reference taken apart: `Patient/7`, `http://hospital/fhir/Patient/7/_history/2`, `urn:uuid:…`,
/// or a bare id.
struct ReferenceParts {
  std::string_view base;  ///< `http://hospital/fhir/`, empty for a relative one
  std::string_view type;
  std::string_view id;
};

/// Takes a reference apart. Nothing for an empty one and for one into the same resource (`#…`).
/// The parts view `text`. Thread-safe.
[[nodiscard]] std::optional<ReferenceParts> reference_parts(std::string_view text);

/// What the address of an organisation's FHIR server ends with, whatever the host: references below
/// it mean what relative ones mean.
[[nodiscard]] std::string own_path_of(const model::Id& organisation);

/// A code as codes are compared: ASCII letters in lower case (R4 §3.1.1.4.10).
[[nodiscard]] std::string folded_code(std::string_view code);

/// A number as an integer of the same order: two that are less than 1e-15 of their size apart may
/// become one.
[[nodiscard]] std::int64_t sortable(long double number);
/// The number that `sortable` made an integer of.
[[nodiscard]] long double from_sortable(std::int64_t integer);

/// Joins the parts of a facet's value.
[[nodiscard]] std::string join_parts(std::initializer_list<std::string_view> parts);

/// What one element is found by as a value of a parameter of this type; nothing for an element of
/// another kind. `own_path`: of `own_path_of`, or empty. Thread-safe.
void append_facets(fhir::SearchType type, const fhir::fhirpath::Item& item,
                   std::string_view own_path, std::vector<Facet>& out);

/// The terms of a parsed resource in the order of its parameters, each once, then its attachments.
/// Values of a wrong shape give none: whether a resource is valid is checked elsewhere. What is no
/// resource has no terms. Errors: index_entry_invalid (more than `terms_max`). Thread-safe.
[[nodiscard]] Result<std::vector<Term>> terms_of(json::Value resource,
                                                 std::string_view own_path = {});

/// True when a parameter has values of its own, and is not one that the record itself answers
/// (`_id`, `_lastUpdated`) or that nothing is kept for (`_text`, `_content`, `_query`).
[[nodiscard]] bool has_terms(const fhir::SearchParameter& parameter);

}  // namespace xl::query
