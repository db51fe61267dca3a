// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "contracts/identity/keys.h"
#include "contracts/identity/view.h"

namespace xl::contracts::identity {

/// Writes a new party with its first keys and tells so. `custodian` is empty for practitioners.
/// Preconditions: the DID is new, the keys were admitted.
void register_party(const Context& context, model::StateWriter& state, EventSink& events,
                    const model::Id& did, xinglin::identity::v1::PartyRecord party,
                    const NewKeys& keys);

/// Writes a changed party. Precondition: it exists.
void store_party(model::StateWriter& state, const model::Id& did,
                 const xinglin::identity::v1::PartyRecord& party);

/// Ends a party: no key speaks for it any more, no recovery brings it back.
void deactivate_party(const Context& context, model::StateWriter& state, EventSink& events,
                      const model::Id& did);

/// One event attribute per key id of `keys`.
[[nodiscard]] std::vector<EventAttribute> key_attributes(const NewKeys& keys);

}  // namespace xl::contracts::identity
