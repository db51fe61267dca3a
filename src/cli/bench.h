// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "cli/commands.h"

namespace xl::cli {

/// `xinglin bench list|run`: loads on a running node, through HTTP.
void add_bench_commands(CLI::App& app, Session& session);

}  // namespace xl::cli
