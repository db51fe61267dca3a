// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "base/console.h"

namespace xl::node {

/// Adds `xinglin network`: founding a network without a central hand, and joining one.
void add_network_commands(CLI::App& app,
                          std::function<void(std::function<int(const Console&)>)> choose);

}  // namespace xl::node
