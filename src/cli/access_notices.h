// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "cli/commands.h"

namespace xl::cli {

/// Adds `access notices`, `access webhook` and `access export`. `session` outlives `group`.
void add_access_notice_commands(CLI::App* group, Session& session);

}  // namespace xl::cli
