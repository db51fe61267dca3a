// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "cli/commands.h"

namespace xl::cli {

/// Adds `access dispute`, `access answer` and `access disputes`. `session` outlives `group`.
void add_access_dispute_commands(CLI::App* group, Session& session);

}  // namespace xl::cli
