// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/access/authority.h"

#include "contracts/access/status.h"

namespace xl::contracts::access {
namespace {

StatusCode status_of(identity::Signed found, StatusCode missing) {
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
  return missing;
}

}  // namespace

StatusCode require_organisation(const Context& context, const model::StateReader& state,
                                const model::Id& organisation, StatusCode missing,
                                const Caller** signer) {
  if (!identity::find_acting(state, organisation, PartyKind::organisation)) {
    return organisation_unknown;
  }
  return status_of(
      identity::signed_by_organisation(context, state, organisation, purpose_sign, signer),
      missing);
}

StatusCode require_person(const Context& context, const model::Id& did, StatusCode missing) {
  return status_of(identity::signed_by(context, did, purpose_sign), missing);
}

}  // namespace xl::contracts::access
