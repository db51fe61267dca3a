// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>
#include <vector>

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

bool data_within(const wire::Data& inner, const wire::Data& outer) {
  return inner.type() == outer.type() && inner.id() == outer.id() && inner.scope() <= outer.scope();
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
         list_within(inner.codes(), outer.codes(), class_within) &&
         list_within(inner.data(), outer.data(), data_within) &&
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

/// `inner` holds at no moment at which `outer` does not.
bool window_within(const Policy& inner, const Policy& outer) {
  if (outer.has_start_ms() && (!inner.has_start_ms() || inner.start_ms() < outer.start_ms())) {
    return false;
  }
  return !outer.has_end_ms() || (inner.has_end_ms() && inner.end_ms() <= outer.end_ms());
}

bool permits(const Policy& policy) {
  return policy.effect() == static_cast<std::uint32_t>(Effect::permit);
}

/// `inner` permits or refuses nothing that `outer` does not.
bool policy_within(const Policy& inner, const Policy& outer) {
  return inner.effect() == outer.effect() && window_within(inner, outer) &&
         rule_within(inner.rule(), outer.rule());
}

std::vector<const Policy*> all_of(const SealedPolicy& sealed) {
  std::vector<const Policy*> out{&sealed.policy()};
  for (const Policy& policy : sealed.further()) out.push_back(&policy);
  return out;
}

/// Each policy of `inner` with this effect lies within one of `outer`.
bool policies_within(const std::vector<const Policy*>& inner,
                     const std::vector<const Policy*>& outer, bool of_permits) {
  return std::ranges::all_of(inner, [&](const Policy* one) {
    return permits(*one) != of_permits || std::ranges::any_of(outer, [&](const Policy* other) {
             return policy_within(*one, *other);
           });
  });
}

}  // namespace

bool is_narrower(const Policy& old, const Policy& fresh) {
  if (old.effect() != fresh.effect()) return false;
  if (model::encode(old) == model::encode(fresh)) return false;
  return permits(old) ? policy_within(fresh, old) : policy_within(old, fresh);
}

bool same_policies(const SealedPolicy& one, const SealedPolicy& other) {
  const auto a = all_of(one);
  const auto b = all_of(other);
  return std::ranges::equal(a, b, [](const Policy* x, const Policy* y) {
    return model::encode(*x) == model::encode(*y);
  });
}

bool is_narrower(const SealedPolicy& old, const SealedPolicy& fresh) {
  if (same_policies(old, fresh)) return false;
  const auto before = all_of(old);
  const auto after = all_of(fresh);
  return policies_within(after, before, true) && policies_within(before, after, false);
}

}  // namespace xl::contracts::consent
