// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "contracts/api/contract.h"
#include "contracts/identity/state.pb.h"

namespace xl::contracts::identity {

/// Writes the founding organisations from `{"organisations": [{"did", "name", "type", "keys":
/// [{"algorithm", "public_key", "purposes"}]}]}`. Keys are base64. Errors: genesis_malformed.
[[nodiscard]] Status write_genesis(json::Value section, model::StateWriter& state);

/// Registers a party and its keys: used by the genesis and by messages that create parties.
/// Preconditions: neither exists yet, the keys were checked.
void store_key(model::StateWriter& state, const Hash& key_id,
               const xinglin::identity::v1::KeyRecord& key);

}  // namespace xl::contracts::identity
