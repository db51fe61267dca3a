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
  /// `reload`: SIGHUP, by which a service manager has files read again, too.
  explicit StopSignals(bool reload = false);
  /// Waits for Ctrl-C or a service manager's stop. False: it was SIGHUP.
  bool wait() const;
  /// Has one that stops come?
  [[nodiscard]] bool pending() const;

 private:
  sigset_t signals_;
};

/// Adds the commands that open a node's folder: node init|run, ledger verify. `choose` is called
/// with what to run once everything was parsed.
void add_commands(CLI::App& app, std::function<void(std::function<int(const Console&)>)> choose);

}  // namespace xl::node
