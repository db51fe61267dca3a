// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "cli/commands.h"

namespace xl::cli {

/// `xinglin ledger head|show|receipt|proof`: reads of a running node. `ledger verify`, which opens
/// a store, is the node's.
void add_ledger_commands(CLI::App& app, Session& session);

}  // namespace xl::cli
