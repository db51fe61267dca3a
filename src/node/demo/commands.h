// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "base/console.h"

namespace xl::node::demo {

/// Adds `xinglin demo`. `choose` is called with what to run once everything was parsed.
void add_commands(CLI::App& app,
                  const std::function<void(std::function<int(const Console&)>)>& choose);

}  // namespace xl::node::demo
