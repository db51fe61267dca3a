// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <filesystem>

#include "base/console.h"

namespace xl::node::demo {

/// What the story of one altered copy among several members is asked for.
struct TamperingOptions {
  std::filesystem::path folder;  ///< where the members are founded, or were by an earlier run
  std::size_t members = 4;       ///< at least 4: three of four go on without the one
};

/// Founds and starts a network of several members, writes records at the first, and alters one bit
/// of the last one's ledger while it is stopped. Shows that its own check names what was altered,
/// that its node refuses to run, that the others name it and go on, and that a repair from them
/// brings it to the very same state; then stops them all. Returns an exit code: done when all of
/// that was so.
[[nodiscard]] int run_tampering(const TamperingOptions& options, const Console& console);

}  // namespace xl::node::demo
