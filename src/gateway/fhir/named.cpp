// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/named.h"

#include <algorithm>

#include "fhir/compartment.h"
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

Result<Named> look_in_compartment(const Call& call, std::string_view id, query::Query& wanted) {
  constexpr std::size_t others_max = 1000;
  const auto outside = [](const std::string& type) {
    return !xl::fhir::may_be_in_patient_compartment(type);
  };
  if (wanted.type.empty() && wanted.types.empty()) {
    wanted.types = xl::fhir::patient_compartment_types();
  }
  const bool other =
      wanted.type.empty() ? std::ranges::any_of(wanted.types, outside) : outside(wanted.type);
  if (other) {
    return make_error(ErrorCode::fhir_interaction_unsupported,
                      "this type is not in the Patient compartment; search the type itself, "
                      "where it has such a parameter by patient=");
  }
  XL_TRY_ASSIGN(const auto merged, merged_into(call, id));
  std::vector<model::Id> whose{pseudonym_of(call, id)};
  std::vector<std::string> ids{std::string(id)};
  for (const query::RecordEntry& one : merged) {
    whose.push_back(one.patient);
    ids.push_back(one.id);
  }
  wanted.of_patients = whose;
  const auto add = [&](std::string_view type, std::string_view parameter) -> Status {
    const bool asked = wanted.type.empty()
                           ? std::ranges::find(wanted.types, type) != wanted.types.end()
                           : wanted.type == type;
    if (!asked) return {};
    for (const std::string& one_of : ids) {
      XL_TRY_ASSIGN(const auto found, call.organisation.stores().index().referring(
                                          type, parameter, "Patient", one_of, others_max + 1));
      for (const query::RecordEntry& one : found) {
        wanted.also.emplace_back(one.type, one.id);
        if (type == "Patient") whose.push_back(one.patient);
      }
      if (wanted.also.size() > others_max) return make_error(ErrorCode::search_too_broad, type);
    }
    return {};
  };
  XL_TRY(add("Patient", "link"));
  XL_TRY(add("Group", "member"));
  return Named(std::move(whose));
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
