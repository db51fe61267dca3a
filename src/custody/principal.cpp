// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "custody/principal.h"

#include <algorithm>

#include "contracts/identity/view.h"

namespace xl::custody {

namespace consent = contracts::consent;
namespace identity = contracts::identity;
using contracts::PartyKind;

bool still_holds(const Principal& principal, const model::StateReader& state,
                 std::uint64_t block_ms) {
  const auto key = identity::find_key(state, principal.key_id);
  if (!key || !identity::is_active(*key, block_ms)) return false;
  if (!identity::find_acting(state, principal.did, principal.kind)) return false;
  if (principal.kind == PartyKind::guardian) {
    return identity::guardian_in_office(state, principal.did, block_ms);
  }
  if (principal.kind != PartyKind::practitioner) return true;
  return std::all_of(principal.roles.begin(), principal.roles.end(), [&](std::uint32_t role) {
    return identity::is_attested(state, principal.did, principal.organisation,
                                 static_cast<identity::Role>(role), block_ms);
  });
}

consent::Requester requester_of(const Principal& principal) {
  consent::Requester out;
  out.did = principal.did;
  out.organisation = principal.organisation;
  out.roles = principal.roles;
  switch (principal.kind) {
    case PartyKind::patient:
      out.kind = consent::RequesterKind::patient;
      break;
    case PartyKind::guardian:
      out.kind = consent::RequesterKind::guardian;
      break;
    case PartyKind::practitioner:
      out.kind = consent::RequesterKind::practitioner;
      break;
    case PartyKind::organisation:
    case PartyKind::service:
      out.kind = consent::RequesterKind::organisation;
      out.did = principal.organisation;
      break;
  }
  return out;
}

}  // namespace xl::custody
