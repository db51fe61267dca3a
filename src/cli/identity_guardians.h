// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "cli/commands.h"

namespace xl::cli {

/// Adds `identity guardians` to the group.
void add_identity_guardians_command(CLI::App* group, Session& session);

}  // namespace xl::cli
