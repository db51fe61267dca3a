// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "contracts/api/contract.h"

namespace xl::contracts::identity {

/// Writes the founding organisations from `{"organisations": [{"did", "name", "type", "keys":
/// [{"algorithm", "public_key", "purposes"}]}]}`. Keys are base64; one of each organisation's must
/// manage it. Errors: genesis_malformed.
[[nodiscard]] Status write_genesis(json::Value section, model::StateWriter& state);

}  // namespace xl::contracts::identity
