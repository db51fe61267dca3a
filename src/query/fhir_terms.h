// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json/json.h"
#include "fhir/time.h"
#include "model/id.h"

/// What a FHIR R4 resource can be found by. One table in fhir_terms.cpp knows the parameters and
/// where their values stand; everything else asks it.
namespace xl::query {

/// How values of a search parameter compare (FHIR R4 §3.1.1.4).
enum class SearchKind {
  id,        ///< `_id`: of the record itself, no terms
  updated,   ///< `_lastUpdated`: of the record itself, no terms
  token,     ///< system and code
  date,      ///< a range of time
  text,      ///< starts with, folded
  reference  ///< base, type and id
};

/// Longest text of a term in bytes. A longer code or reference has no term, since no search value
/// can equal it; a longer name is cut at a character.
constexpr std::size_t term_bytes_max = 1024;
/// Longest value searched for. Below `term_bytes_max` by the longest UTF-8 character, so that a cut
/// name is still found by every value.
constexpr std::size_t search_value_bytes_max = term_bytes_max - 4;
/// Terms of one record; the largest public example has under 200.
constexpr std::size_t terms_max = 4096;

/// One searchable value of a record. Which members count depends on `kind`.
struct Term {
  std::string_view parameter;  ///< of the table: it outlives every term
  SearchKind kind = SearchKind::token;
  std::string system;    ///< token: the system, empty without; reference: the base URL with its `/`
  std::string type;      ///< reference: the resource type, empty for a URN or a canonical
  std::string value;     ///< token: the code; text: folded; reference: the id or URN
  fhir::TimeRange time;  ///< date
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

/// True for the resource types of the table. Thread-safe.
[[nodiscard]] bool is_searchable_type(std::string_view type);

/// A parameter as a type knows it.
struct SearchParameter {
  std::string_view name;
  SearchKind kind = SearchKind::token;
  std::string_view target;  ///< reference: the type that a bare id means; empty: any
};

/// The parameter `name` of `type`; nothing when the type does not have it. Thread-safe.
[[nodiscard]] std::optional<SearchParameter> search_parameter(std::string_view type,
                                                              std::string_view name);

/// Every parameter of `type`, for a CapabilityStatement; empty for another type. Thread-safe.
[[nodiscard]] std::vector<SearchParameter> search_parameters(std::string_view type);

/// What the address of an organisation's FHIR server ends with, whatever the host: references below
/// it mean what relative ones mean.
[[nodiscard]] std::string own_path_of(const model::Id& organisation);

/// The terms of a parsed resource in the order of the table, each once. Values of a wrong shape
/// give none: whether a resource is valid is checked elsewhere. A record of a type that is not in
/// the table has no terms. `own_path`: of `own_path_of`, or empty. Errors: index_entry_invalid
/// (more than `terms_max`). Thread-safe.
[[nodiscard]] Result<std::vector<Term>> terms_of(json::Value resource,
                                                 std::string_view own_path = {});

}  // namespace xl::query
