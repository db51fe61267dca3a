// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/identity/view.h"

#include <algorithm>

#include "contracts/identity/records.h"

namespace xl::contracts::identity {

using xinglin::identity::v1::KeyRecord;
using xinglin::identity::v1::PartyRecord;

std::optional<KeyRecord> find_key(const model::StateReader& state, const Hash& key_id) {
  KeyRecord record;
  if (!load_record(state, key_key(key_id), record)) return std::nullopt;
  return record;
}

bool is_active(const KeyRecord& key, std::uint64_t block_ms) {
  if (key.revoked_at_ms() != 0) return false;
  if (key.not_before_ms() > block_ms) return false;
  return key.not_after_ms() == 0 || block_ms < key.not_after_ms();
}

std::optional<PartyRecord> find_party(const model::StateReader& state, const model::Id& did) {
  PartyRecord record;
  if (!load_record(state, party_key(did), record)) return std::nullopt;
  return record;
}

Caller caller_of(const model::StateReader& state, const Hash& key_id, const KeyRecord& key) {
  Caller caller;
  caller.key_id = key_id;
  caller.algorithm = static_cast<crypto::Algorithm>(key.algorithm());
  const auto controller = model::id_from_bytes(view_of(key.controller()));
  XL_CHECK(controller.ok());
  caller.did = *controller;
  const auto party = find_party(state, caller.did);
  XL_CHECK(party.has_value());
  caller.kind = static_cast<PartyKind>(party->kind());
  caller.purposes = key.purposes();
  caller.delegated = key.has_delegation();
  if (caller.delegated) {
    const auto organisation = model::id_from_bytes(view_of(key.delegation().organisation()));
    XL_CHECK(organisation.ok());
    caller.via_organisation = *organisation;
  }
  return caller;
}

bool may_send(const KeyRecord& key, std::uint8_t contract, std::uint16_t type) {
  if (!key.has_delegation()) return true;
  const std::uint32_t wanted = static_cast<std::uint32_t>(contract) << 16 | type;
  const auto& types = key.delegation().message_types();
  return std::binary_search(types.begin(), types.end(), wanted);
}

}  // namespace xl::contracts::identity
