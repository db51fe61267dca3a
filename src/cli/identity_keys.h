// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "cli/commands.h"

namespace xl::cli {

/// `xinglin identity show|list|rotate|revoke`: of what is registered, below `group`.
void add_identity_key_commands(CLI::App* group, Session& session);

}  // namespace xl::cli
