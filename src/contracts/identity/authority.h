// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "contracts/identity/view.h"

/// Who may send the messages of this contract, as statuses.
namespace xl::contracts::identity {

/// What a missing signature means as a status: not_signed_by_party, delegation_refused or
/// purpose_missing; `applied` when it is there.
[[nodiscard]] StatusCode status_of(Signed found);

/// `applied` when `did` itself signed with all of `purposes`. Otherwise not_signed_by_party,
/// delegation_refused or purpose_missing.
[[nodiscard]] StatusCode require_signed(const Context& context, const model::Id& did,
                                        std::uint32_t purposes);

/// `applied` when `organisation` is an organisation that acts and one of its own keys signed to
/// manage. Otherwise party_unknown, party_wrong_kind, party_deactivated or as `require_signed`.
[[nodiscard]] StatusCode require_organisation(const Context& context,
                                              const model::StateReader& state,
                                              const model::Id& organisation);

/// `applied` when the party exists, is active (claimed, not deactivated) and its manager signed to
/// manage: the party itself, or the organisation of a service. Otherwise party_unknown,
/// party_unclaimed, party_deactivated or as `require_signed`.
[[nodiscard]] StatusCode require_manager(const Context& context, const model::StateReader& state,
                                         const model::Id& did);

/// `applied` when the party exists, is of `kind` and not deactivated. Otherwise party_unknown,
/// party_wrong_kind or party_deactivated.
[[nodiscard]] StatusCode require_kind(const model::StateReader& state, const model::Id& did,
                                      PartyKind kind);

}  // namespace xl::contracts::identity
