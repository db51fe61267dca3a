// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "cli/commands.h"

namespace xl::cli {

/// Adds `identity locator`.
void add_identity_locator_command(CLI::App* group, Session& session);

}  // namespace xl::cli
