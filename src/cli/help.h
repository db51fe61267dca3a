// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "cli/commands.h"

namespace xl::cli {

/// Adds `help`, and gives every command of `app` one form of help: examples first, a group without
/// its own showing those of its commands. Called once every command is there.
void add_help(CLI::App& app, Session& session);

}  // namespace xl::cli
