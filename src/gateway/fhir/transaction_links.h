// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/fhir/draft.h"
#include "gateway/fhir/search.h"
#include "gateway/fhir/wish.h"
#include "query/search_text.h"

/// References of a transaction: to its other entries, and by condition (R4 §3.1.0.11.2, §2.36.4.1).
namespace xl::gateway::fhir {

/// A reference that is a condition, such as `Patient?identifier=1`.
struct ConditionalReference {
  std::string type;
  Parameters condition;
};
/// Nothing for any other reference. Errors: those of `read_condition`.
[[nodiscard]] Result<std::optional<ConditionalReference>> conditional_reference(
    const query::OwnNames& own, std::string_view text);

/// The conditions that references of the entries are, as `condition_text`. Errors: those of
/// `read_condition`, each names the element.
[[nodiscard]] Result<std::vector<std::string>> reference_conditions(
    const Call& call, const std::vector<Wish>& wishes);

/// Makes references to entries, by full URL, or relative below the full URL of the entry that has
/// them, references to their records; then those by condition, which come last: they find what the
/// transaction leaves, its own entries too. `gone`: what it deletes. Errors (each names the
/// element): fhir_bundle_invalid (one fullUrl twice), fhir_reference_unresolved,
/// fhir_match_ambiguous, fhir_parameter_unsupported (a condition that entries alone do not answer),
/// scope_insufficient, those of a search.
[[nodiscard]] Status resolve_links(const Call& call, const std::vector<Wish>& wishes,
                                   const RecordNames& gone, std::vector<Draft>& drafts);

}  // namespace xl::gateway::fhir
