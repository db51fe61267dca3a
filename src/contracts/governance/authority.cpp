// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/governance/authority.h"

#include "contracts/governance/status.h"
#include "contracts/identity/view.h"

namespace xl::contracts::governance {

StatusCode require_signed(const Context& context, const model::Id& organisation) {
  switch (identity::signed_by(context, organisation, purpose_manage)) {
    case identity::Signed::yes:
      return applied;
    case identity::Signed::delegated:
      return delegation_refused;
    case identity::Signed::without_purpose:
      return purpose_missing;
    case identity::Signed::absent:
      break;
  }
  return not_signed_by_member;
}

StatusCode require_member(const model::StateReader& state, const model::Id& member) {
  const auto record = find_member(state, member);
  if (record) return is_present(*record) ? applied : member_expelled;
  return find_parameters(state) ? member_unknown : not_founded;
}

}  // namespace xl::contracts::governance
