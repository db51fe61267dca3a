// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "contracts/api/contract.h"

namespace xl::contracts::governance {

/// Writes the founding members from `{"engine_fixed": BOOL, "members": [{"organisation", "weight",
/// "validator_key", "power", "peer_id", "address"}]}`; weights and powers are numbers, the key is
/// base64, the peer's id 40 hexadecimal digits. Without a section nothing is written, and nothing
/// can be voted on. Errors: genesis_malformed.
[[nodiscard]] Status write_genesis(json::Value section, model::StateWriter& state);

}  // namespace xl::contracts::governance
