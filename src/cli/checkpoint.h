// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "cli/commands.h"
#include "model/trust.h"

namespace xl::cli {

/// Adds `network checkpoint create|sign`.
void add_checkpoint_commands(CLI::App& network, Session& session);

/// Adds `--checkpoint`, which may be repeated.
void add_checkpoint_option(CLI::App* command, std::vector<std::string>& files);

/// Reads checkpoint files in the order given. Errors: those of reading files and
/// `model::read_checkpoint`.
[[nodiscard]] Result<std::vector<model::SignedCheckpoint>> read_checkpoints(
    const std::vector<std::string>& files);

/// The genesis and what `--checkpoint` gave. Errors: those of `read_checkpoints` and
/// `model::Trust::with`.
[[nodiscard]] Result<model::Trust> trust_of(const model::Genesis& genesis,
                                            const std::vector<std::string>& files);

/// True for a file that says it is a checkpoint.
[[nodiscard]] bool is_checkpoint(std::string_view content);

/// Checks a checkpoint file with the genesis and the checkpoints before it, and says what it
/// attests and who signed. Errors: those of `trust_of`.
[[nodiscard]] Result<int> show_checkpoint(std::string_view content, const std::string& file,
                                          const model::Genesis& genesis,
                                          const std::vector<std::string>& earlier,
                                          const Console& console);

}  // namespace xl::cli
