// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>

#include "contracts/api/contract.h"
#include "contracts/identity/state.pb.h"

/// What other folders may read of the identity contract's state.
namespace xl::contracts::identity {

/// The stored key with this id, whatever its status. Nothing when it was never registered.
[[nodiscard]] std::optional<xinglin::identity::v1::KeyRecord> find_key(
    const model::StateReader& state, const Hash& key_id);

/// True when a key may be used at `block_ms`: not revoked, not before its start, before its end.
[[nodiscard]] bool is_active(const xinglin::identity::v1::KeyRecord& key, std::uint64_t block_ms);

/// The party of a DID. Nothing when there is none.
[[nodiscard]] std::optional<xinglin::identity::v1::PartyRecord> find_party(
    const model::StateReader& state, const model::Id& did);

/// Who an active key speaks for, as contracts see it. Precondition: the key's controller exists.
[[nodiscard]] Caller caller_of(const model::StateReader& state, const Hash& key_id,
                               const xinglin::identity::v1::KeyRecord& key);

/// True when a delegated key may send message `type` of `contract`; always true for other keys.
[[nodiscard]] bool may_send(const xinglin::identity::v1::KeyRecord& key, std::uint8_t contract,
                            std::uint16_t type);

}  // namespace xl::contracts::identity
