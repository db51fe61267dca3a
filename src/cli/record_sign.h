// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "cli/commands.h"

namespace xl::cli {

/// Adds `record sign` and `record signatures`.
void add_record_sign_commands(CLI::App* group, Session& session);

}  // namespace xl::cli
