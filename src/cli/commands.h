// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "base/console.h"

namespace xl::cli {

/// What every command shares: the global options, and the command that was chosen. A command's
/// callback only sets `run`; main calls it once everything was parsed.
struct Session {
  Console::Options console;
  std::string node_url = "http://127.0.0.1:7410";
  std::function<int(const Console&)> run;
};

/// Adds the global options and the client's commands: ledger head|show|receipt|proof, verify,
/// explain, version.
void add_commands(CLI::App& app, Session& session);

}  // namespace xl::cli
