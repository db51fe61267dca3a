// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/identity/authority.h"

#include "contracts/identity/status.h"

namespace xl::contracts::identity {
namespace {

bool has_status(const xinglin::identity::v1::PartyRecord& party, PartyStatus status) {
  return party.status() == static_cast<std::uint32_t>(status);
}

}  // namespace

StatusCode status_of(Signed found) {
  switch (found) {
    case Signed::yes:
      return applied;
    case Signed::delegated:
      return delegation_refused;
    case Signed::without_purpose:
      return purpose_missing;
    case Signed::absent:
      break;
  }
  return not_signed_by_party;
}

StatusCode require_signed(const Context& context, const model::Id& did, std::uint32_t purposes) {
  return status_of(signed_by(context, did, purposes));
}

StatusCode require_kind(const model::StateReader& state, const model::Id& did, PartyKind kind) {
  const auto party = find_party(state, did);
  if (!party) return party_unknown;
  if (party->kind() != static_cast<std::uint32_t>(kind)) return party_wrong_kind;
  return has_status(*party, PartyStatus::deactivated) ? party_deactivated : applied;
}

StatusCode require_organisation(const Context& context, const model::StateReader& state,
                                const model::Id& organisation) {
  const StatusCode known = require_kind(state, organisation, PartyKind::organisation);
  if (known != applied) return known;
  return require_signed(context, organisation, purpose_manage);
}

StatusCode require_manager(const Context& context, const model::StateReader& state,
                           const model::Id& did) {
  const auto party = find_party(state, did);
  if (!party) return party_unknown;
  if (has_status(*party, PartyStatus::deactivated)) return party_deactivated;
  if (has_status(*party, PartyStatus::unclaimed)) return party_unclaimed;
  const bool is_service = party->kind() == static_cast<std::uint32_t>(PartyKind::service);
  return require_signed(context, is_service ? custodian_of(*party) : did, purpose_manage);
}

}  // namespace xl::contracts::identity
