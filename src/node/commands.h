// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <signal.h>

#include <CLI/CLI.hpp>
#include <functional>

#include "base/console.h"

namespace xl::node {

/// Blocks SIGINT and SIGTERM for the whole process, so that one thread can wait for them. Make one
/// before any thread starts.
class StopSignals {
 public:
  StopSignals();
  /// Waits for Ctrl-C or a service manager's stop.
  void wait() const;
  /// Has one of them come?
  [[nodiscard]] bool pending() const;

 private:
  sigset_t signals_;
};

/// Adds the commands that open a node's folder: node init|run, ledger verify. `choose` is called
/// with what to run once everything was parsed.
void add_commands(CLI::App& app, std::function<void(std::function<int(const Console&)>)> choose);

}  // namespace xl::node
