// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "contracts/api/state_value.h"
#include "contracts/identity/view.h"

/// Key layout of the identity contract (number 1). Tables:
///   'k' key id (32)             -> KeyRecord
///   'p' DID (16)                -> PartyRecord
///   'i' DID (16) ‖ key id (32)  -> one byte: the keys of a DID, in order of their ids
namespace xl::contracts::identity {

constexpr std::uint8_t contract_number = 1;

[[nodiscard]] inline Bytes key_key(const Hash& key_id) {
  return state_key(contract_number, 'k', key_id);
}
[[nodiscard]] inline Bytes party_key(const model::Id& did) {
  return state_key(contract_number, 'p', did.bytes);
}
[[nodiscard]] inline Bytes key_index_key(const model::Id& did, const Hash& key_id) {
  return state_key(contract_number, 'i', did.bytes, key_id);
}

}  // namespace xl::contracts::identity
