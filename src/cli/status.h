// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "cli/commands.h"

namespace xl::cli {

/// `xinglin node status`. Precondition: the group `node` is there (its other commands are the
/// node's own).
void add_status_command(CLI::App& app, Session& session);

}  // namespace xl::cli
