// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "base/console.h"

namespace xl::node {

/// Adds the commands that open a node's folder: node init|run, ledger verify. `choose` is called
/// with what to run once everything was parsed.
void add_commands(CLI::App& app, std::function<void(std::function<int(const Console&)>)> choose);

}  // namespace xl::node
