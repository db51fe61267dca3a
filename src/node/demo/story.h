// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "base/console.h"
#include "node/node.h"

namespace xl::node::demo {

/// What the demo is asked for.
struct DemoOptions {
  std::filesystem::path folder = ".demo";
  std::uint16_t port = 7410;
  bool exit = false;  ///< end after the story instead of serving on
};

/// Makes (once) and starts an embedded node and plays the story on it through its public API: three
/// hospitals, an insurer and a regulator, twelve patients with encrypted records, a share, reads
/// after a committed permit, refusals, a revocation; then verifies every receipt with the genesis
/// alone. Records, keys of the personas and the decision function are those of the product; the
/// personas' keys exist only in this process. Returns an exit code.
[[nodiscard]] int run_demo(const DemoOptions& options, const Console& console);

}  // namespace xl::node::demo
