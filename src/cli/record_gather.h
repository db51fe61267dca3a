// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "cli/commands.h"

namespace xl::cli {

/// Adds `record gather`.
void add_record_gather_command(CLI::App* group, Session& session);

}  // namespace xl::cli
