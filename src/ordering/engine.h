// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "chain/chain.h"
#include "ordering/health.h"

namespace xl::ordering {

/// What became of a submitted transaction: its history entry once it is durable and its receipt is
/// complete, or why it was not let in. A refusal by a contract is an entry with a status.
using Outcome = Result<model::HistoryEntry>;
/// Called exactly once for each submitted transaction, on a thread of the engine: it must be quick.
using Done = std::function<void(std::size_t index, Outcome outcome)>;

/// Agrees on the order of transactions and drives the chain. Every method is thread-safe.
class Engine {
 public:
  virtual ~Engine() = default;

  /// `solo`, `cometbft`.
  [[nodiscard]] virtual std::string_view name() const = 0;

  /// Takes transactions in their order; `done` gets each one's position in the list. A full queue
  /// answers queue_full for those that found no room, at once. Other errors: those of
  /// `verification::check` and `verification::admit`, node_stopping, disk_nearly_full (nothing of
  /// it was taken), store_failed.
  virtual void submit(std::vector<Bytes> transactions, Done done) = 0;

  virtual void start() = 0;
  /// Finishes what was taken, then stops. Later submissions answer node_stopping.
  virtual void stop() = 0;

  /// Transactions taken and not yet committed.
  [[nodiscard]] virtual std::size_t queued() const = 0;

  /// How the agreement goes.
  [[nodiscard]] virtual Health health() const = 0;
};

}  // namespace xl::ordering
