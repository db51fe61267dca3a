// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "cli/commands.h"

namespace xl::cli {

/// `xinglin record put|get|list|history|verify`.
void add_record_commands(CLI::App& app, Session& session);

}  // namespace xl::cli
