// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>

#include "cli/actor.h"

namespace xl::cli {

/// What the ledger holds under a state key, proved with the genesis; nothing where it holds
/// nothing. Precondition: signed in. Errors: those of the node's answer and of the proof.
[[nodiscard]] Result<std::optional<Bytes>> proved_value(Actor& actor, const Bytes& key);

/// `xinglin identity show|list|rotate|revoke`: of what is registered, below `group`.
void add_identity_key_commands(CLI::App* group, Session& session);

}  // namespace xl::cli
