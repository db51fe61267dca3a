// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "gateway/fhir/face.h"
#include "query/record_index.h"

/// Whom a search is about.
namespace xl::gateway::fhir {

/// The patients that a search is about: who is named, then who was merged into them. Nothing:
/// nobody is named.
using Named = std::optional<std::vector<model::Id>>;

/// Whom a search names, and who was merged into them: the index finds theirs as well. Errors: those
/// of `merged_into`.
[[nodiscard]] Result<Named> name_patients(const Call& call, const query::Query& wanted);

/// The patients of a compartment: its own, and who was merged into them. Errors: those of
/// `merged_into`.
[[nodiscard]] Result<Named> compartment_of(const Call& call, std::string_view id);

/// Makes a search one in the compartment of a Patient (CompartmentDefinition/patient): of the types
/// in it, the records of that patient and of those merged into them, and what else belongs to it,
/// Groups with that member and Patients linked with this one. Who these are. Errors:
/// fhir_interaction_unsupported (a type that is not in the compartment), search_too_broad, those of
/// `merged_into`.
[[nodiscard]] Result<Named> look_in_compartment(const Call& call, std::string_view id,
                                                query::Query& wanted);

/// Of whom the requester may know something, as far as somebody is named, for a search. Errors:
/// those of `Viewer::patients`.
[[nodiscard]] Result<std::optional<std::vector<model::Id>>> allowed_patients(
    custody::Viewer& viewer, const Named& named, const query::Query& wanted);

}  // namespace xl::gateway::fhir
