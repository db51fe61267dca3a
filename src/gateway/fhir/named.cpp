// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/named.h"

#include <algorithm>

#include "gateway/fhir/draft.h"
#include "gateway/fhir/merge.h"
#include "gateway/fhir/rehearsal.h"

namespace xl::gateway::fhir {
namespace {

/// The pseudonym of a Patient; of somebody who is not there that of nobody, so that a search finds
/// nothing.
model::Id pseudonym_of(const Call& call, std::string_view id) {
  const auto found = current_entry(call, "Patient", id);
  return found.ok() ? found->patient : model::Id{};
}

/// The Patient that a criterion names; empty when it names none, or something else as well.
std::string patient_named_by(std::string_view type, const query::SearchCriterion& criterion) {
  const bool names = criterion.name == "patient" || criterion.name == "subject" ||
                     criterion.name == "beneficiary" ||
                     (type == "Patient" && criterion.name == "_id");
  const bool plain = criterion.modifier == query::Modifier::none ||
                     (criterion.modifier == query::Modifier::type && criterion.target == "Patient");
  if (!names || !plain || criterion.values.size() != 1) return {};
  std::string_view id = criterion.values[0].text;
  if (id.starts_with("Patient/")) id.remove_prefix(8);
  return id.find('/') == std::string_view::npos ? std::string(id) : std::string();
}

}  // namespace

Result<Named> name_patients(const Call& call, const query::Query& wanted) {
  for (const query::SearchCriterion& criterion : wanted.criteria) {
    const std::string id = patient_named_by(wanted.type, criterion);
    if (id.empty()) continue;
    std::vector<model::Id> out{pseudonym_of(call, id)};
    XL_TRY_ASSIGN(const auto merged, merged_into(call, id));
    for (const query::RecordEntry& one : merged) out.push_back(one.patient);
    return Named(std::move(out));
  }
  return Named{};
}

Result<Named> compartment_of(const Call& call, std::string_view id) {
  std::vector<model::Id> out{pseudonym_of(call, id)};
  XL_TRY_ASSIGN(const auto merged, merged_into(call, id));
  for (const query::RecordEntry& one : merged) out.push_back(one.patient);
  return Named(std::move(out));
}

Result<std::optional<std::vector<model::Id>>> allowed_patients(custody::Viewer& viewer,
                                                               const Named& named,
                                                               const query::Query& wanted) {
  const bool directory =
      is_directory_type(wanted.type) ||
      (!wanted.types.empty() && std::ranges::all_of(wanted.types, is_directory_type));
  return viewer.patients(named ? std::span<const model::Id>(*named) : std::span<const model::Id>(),
                         directory);
}

}  // namespace xl::gateway::fhir
