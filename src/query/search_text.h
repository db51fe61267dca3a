// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "query/record_index.h"

/// Searches as they are written in a URL (FHIR R4 §3.1.1).
namespace xl::query {

/// Longest name of a parameter with its modifiers and chain.
constexpr std::size_t search_name_bytes_max = 256;

/// How this server is named in references that mean it.
struct OwnNames {
  std::vector<std::string> bases;  ///< its addresses, without a slash at their ends
  std::string path;                ///< of `own_path_of`: what follows the host, whatever that is
};

/// A reference without the address of this server: `Patient/7` for `https://here/fhir/Patient/7`;
/// what does not begin with one stays as it is. Views `reference`. Thread-safe.
[[nodiscard]] std::string_view without_own_base(std::string_view reference, const OwnNames& own);

/// Reads one parameter of a search for records of `type` (empty: of every type): modifiers, chains,
/// `_has`, values apart at commas, prefixes. Names and values are percent-decoded. References
/// to this server by its `own` names mean relative ones. Errors: search_parameter_unknown,
/// search_modifier_unsupported (each names it), search_value_invalid, search_too_complex.
/// Thread-safe.
[[nodiscard]] Result<SearchCriterion> read_criterion(std::string_view type, std::string_view name,
                                                     std::string_view value,
                                                     const OwnNames& own = {});

/// Reads `_sort`. Errors: search_parameter_unknown, search_too_complex. Thread-safe.
[[nodiscard]] Result<std::vector<SortKey>> read_sort(std::string_view type, std::string_view text);

/// Reads `_include` (`Type:parameter[:Target]` or `*`) or `_revinclude`; `name` may end with
/// `:iterate`. Errors: search_parameter_unknown, search_modifier_unsupported. Thread-safe.
[[nodiscard]] Result<Include> read_include(std::string_view name, std::string_view text);

/// Apart at every `separator` that no backslash protects; the backslashes stay.
[[nodiscard]] std::vector<std::string_view> split_protected(std::string_view text, char separator);

/// A value as a search has it, what separates others protected (R4 §3.1.1.4.2).
[[nodiscard]] std::string protected_value(std::string_view text);

/// Takes the protecting backslashes away (R4 §3.1.1.4.2).
[[nodiscard]] std::string unprotected(std::string_view text);

/// What the parameter `name` of a type is, as a search may use it. Null when there is none, also
/// for what nothing is kept for (`_text`). Thread-safe.
[[nodiscard]] const fhir::SearchParameter* searched_parameter(std::string_view type,
                                                              std::string_view name);

}  // namespace xl::query
