// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "cli/commands.h"

namespace xl::cli {

/// `smart client`, `smart account`: the apps and accounts of an organisation; `smart approve`: the
/// signature that an app's sign-in page waits for; `smart launch`: opens an app from a record.
void add_smart_commands(CLI::App& app, Session& session);

}  // namespace xl::cli
