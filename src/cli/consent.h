// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "cli/commands.h"

namespace xl::cli {

/// `xinglin consent grant|narrow|revoke|list|show`.
void add_consent_commands(CLI::App& app, Session& session);

}  // namespace xl::cli
