// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>

#include "contracts/consent/normal_form.h"
#include "model/canonical.h"

namespace xl::contracts::consent {

namespace wire = xinglin::consent::v1;

namespace {

/// A field that `outer` leaves open, or that both share.
template <typename Field>
bool field_within(const Field& inner, const Field& outer) {
  return outer == Field{} || inner == outer;
}

bool grantee_within(const wire::Grantee& inner, const wire::Grantee& outer) {
  return field_within(inner.organisation(), outer.organisation()) &&
         field_within(inner.person(), outer.person()) && field_within(inner.role(), outer.role()) &&
         field_within(inner.care_team(), outer.care_team());
}

bool author_within(const wire::Author& inner, const wire::Author& outer) {
  return field_within(inner.organisation(), outer.organisation()) &&
         field_within(inner.person(), outer.person());
}

bool class_within(const wire::Class& inner, const wire::Class& outer) {
  return inner.system() == outer.system() && inner.code() == outer.code();
}

/// Lists where empty means "any": each inner item lies within some outer item.
template <typename List, typename Within>
bool list_within(const List& inner, const List& outer, Within within) {
  if (outer.empty()) return true;
  if (inner.empty()) return false;
  return std::all_of(inner.begin(), inner.end(), [&](const auto& one) {
    return std::any_of(outer.begin(), outer.end(),
                       [&](const auto& other) { return within(one, other); });
  });
}

constexpr auto same = [](const auto& a, const auto& b) { return a == b; };

bool period_within(const Rule& inner, const Rule& outer) {
  if (outer.has_data_from_ms() &&
      (!inner.has_data_from_ms() || inner.data_from_ms() < outer.data_from_ms())) {
    return false;
  }
  return !outer.has_data_to_ms() ||
         (inner.has_data_to_ms() && inner.data_to_ms() <= outer.data_to_ms());
}

/// Every request that matches `inner` matches `outer`, exceptions left aside.
bool dimensions_within(const Rule& inner, const Rule& outer) {
  const auto& kept = inner.sensitivities_excluded();
  const auto& excluded = outer.sensitivities_excluded();
  return list_within(inner.grantees(), outer.grantees(), grantee_within) &&
         list_within(inner.classes(), outer.classes(), class_within) &&
         inner.confidentiality_min() >= outer.confidentiality_min() &&
         inner.confidentiality_max() <= outer.confidentiality_max() &&
         list_within(inner.sensitivities_included(), outer.sensitivities_included(), same) &&
         std::includes(kept.begin(), kept.end(), excluded.begin(), excluded.end()) &&
         list_within(inner.purposes(), outer.purposes(), same) && period_within(inner, outer) &&
         list_within(inner.authors(), outer.authors(), author_within) &&
         list_within(inner.actions(), outer.actions(), same);
}

/// An exception of an exception in `outer` has one around it in `inner`.
bool exception_within(const Rule& inner, const Rule& outer) {
  return dimensions_within(inner, outer) &&
         std::all_of(outer.exceptions().begin(), outer.exceptions().end(), [&](const Rule& hole) {
           return std::any_of(inner.exceptions().begin(), inner.exceptions().end(),
                              [&](const Rule& around) { return dimensions_within(hole, around); });
         });
}

/// `inner` applies nowhere where `outer` does not.
bool rule_within(const Rule& inner, const Rule& outer) {
  return dimensions_within(inner, outer) &&
         std::all_of(outer.exceptions().begin(), outer.exceptions().end(), [&](const Rule& hole) {
           return std::any_of(inner.exceptions().begin(), inner.exceptions().end(),
                              [&](const Rule& around) { return exception_within(hole, around); });
         });
}

}  // namespace

bool is_narrower(const Policy& old, const Policy& fresh) {
  if (old.effect() != fresh.effect()) return false;
  if (model::encode(old) == model::encode(fresh)) return false;
  const bool permit = old.effect() == static_cast<std::uint32_t>(Effect::permit);
  return permit ? rule_within(fresh.rule(), old.rule()) : rule_within(old.rule(), fresh.rule());
}

}  // namespace xl::contracts::consent
