// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/credentials/authority.h"

#include "contracts/credentials/status.h"
#include "contracts/identity/view.h"

namespace xl::contracts::credentials {

StatusCode require_organisation(const Context& context, const model::StateReader& state,
                                const model::Id& organisation, Purpose purpose) {
  if (!identity::find_acting(state, organisation, PartyKind::organisation)) {
    return organisation_unknown;
  }
  const identity::Signed found =
      purpose == purpose_manage
          ? identity::signed_by(context, organisation, purpose)
          : identity::signed_by_organisation(context, state, organisation, purpose);
  switch (found) {
    case identity::Signed::yes:
      return applied;
    case identity::Signed::delegated:
      return delegation_refused;
    case identity::Signed::without_purpose:
      return purpose_missing;
    case identity::Signed::absent:
      break;
  }
  return organisation_missing;
}

}  // namespace xl::contracts::credentials
