// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "cli/commands.h"

namespace xl::cli {

/// `xinglin identity create|attest|claim|show|list|rotate|revoke`. Returns the group.
CLI::App* add_identity_commands(CLI::App& app, Session& session);

}  // namespace xl::cli
