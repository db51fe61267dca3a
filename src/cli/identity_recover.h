// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "cli/commands.h"

namespace xl::cli {

/// `identity recover`: who may give somebody new keys, and doing so; `identity card`.
void add_identity_recover_commands(CLI::App* group, Session& session);

}  // namespace xl::cli
