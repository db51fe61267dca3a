// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "base/console.h"
#include "node/node.h"

namespace xl::node::demo {

/// What the demo is asked for.
struct DemoOptions {
  std::filesystem::path folder = ".demo";
  std::filesystem::path bundles;  ///< FHIR files instead of the made-up histories; empty: those
  std::uint16_t port = 7410;
  bool exit = false;        ///< end after the story instead of serving on
  std::size_t members = 1;  ///< 1: an embedded node alone; more: one process and engine each
};

/// Makes (once) and starts an embedded node and plays the story on it through its public API: three
/// hospitals, an insurer and a regulator, patients whose FHIR histories go in encrypted, own care,
/// a share, reads after a committed permit, an emergency, a claim, refusals, a revocation, attacks;
/// then the regulator verifies every receipt with the genesis alone. The personas' keys are kept in
/// the demo's folder. Returns an exit code.
[[nodiscard]] int run_demo(const DemoOptions& options, const Console& console);

}  // namespace xl::node::demo
