// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "base/console.h"
#include "node/keys.h"

namespace xl::node {

/// Where a command takes a node's unlock from: a file, or the terminal when both are empty. Secrets
/// are never arguments.
struct UnlockOptions {
  std::string operator_key;
  std::string passphrase_file;
};

/// Adds `--operator-key` and `--passphrase-file`, with `prefix` before the word (`new-`).
void add_unlock_options(CLI::App* command, UnlockOptions& options, const std::string& prefix = {});

/// What opens the keys. Errors: keys_locked (nothing named, and no terminal), those of reading the
/// files.
[[nodiscard]] Result<Unlock> unlock_of(const UnlockOptions& options, const Console& console);

/// What new keys shall be opened with: a passphrase that is typed is typed twice. Errors: as
/// `unlock_of`, passphrase_wrong (the two differ).
[[nodiscard]] Result<Unlock> new_unlock_of(const UnlockOptions& options, const Console& console);

}  // namespace xl::node
