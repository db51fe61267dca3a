// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <filesystem>
#include <memory>

#include "base/clock.h"
#include "ordering/intake.h"

namespace xl::ordering::solo {

/// Bounds of the pipeline; local to a node.
struct Options {
  /// Where the validator notes what it signed last (`SigningMark`).
  std::filesystem::path mark;
  Intake::Options intake;
  std::size_t block_transactions_max = 4096;
  /// Blocks that are executed while an earlier one is being synced.
  std::size_t blocks_ahead_max = 3;
  /// For tests: called at named steps of a commit; may end the process.
  std::function<void(std::string_view step)> step_hook;
};

/// One member orders its own transactions: a chain with one validator. It gives the same blocks,
/// headers and receipts as CometBFT, and no protection against that member. Each block is followed
/// at once by its proof block, whose header carries the app hash, in the same synced batch.
///
/// Pipeline: verify threads check signatures; one thread orders, executes and signs; one makes
/// durable and answers.
/// `envelope_key` must be registered with the envelope purpose. Errors: those of
/// `HeaderMaker::resume` and `SigningMark::open`, config_invalid (the network has other engines).
[[nodiscard]] Result<std::unique_ptr<Engine>> make_engine(chain::Chain& chain, const Clock& clock,
                                                          const crypto::SigningKey& validator,
                                                          const crypto::SigningKey& envelope_key,
                                                          const Options& options);

}  // namespace xl::ordering::solo
