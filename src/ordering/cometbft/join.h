// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <condition_variable>
#include <mutex>

#include "chain/snapshot_taker.h"
#include "ordering/cometbft/server.h"

namespace xl::ordering::cometbft {

/// CometBFT's application while a store is filled by its state sync: takes the first snapshot that
/// the genesis proves, chunk by chunk from any peer. What comes behind the snapshot is not executed
/// here: the engine waits, and goes on with the `Application` when the node is started.
class SnapshotJoin {
 public:
  /// How far it is.
  struct State {
    std::uint64_t height = 0;  ///< of the snapshot, 0 before one was accepted
    std::uint32_t chunks = 0;
    std::uint32_t taken = 0;
    std::uint32_t refused = 0;  ///< snapshots and chunks that were not what they said
    bool finished = false;      ///< the store holds a ledger, and the engine agrees
    Status failure;             ///< of the store: it cannot go on
  };

  /// `database` and `genesis` outlive it.
  SnapshotJoin(state::Database& database, const model::Genesis& genesis)
      : database_(database), genesis_(genesis) {}

  void handle(const abci::Request& request, abci::Response& response);

  /// Waits until something changed, or for a second. Thread-safe.
  [[nodiscard]] State wait();
  /// Lets go of a request that waits for the `Application`. Thread-safe.
  void stop();

 private:
  void info(abci::ResponseInfo& out);
  [[nodiscard]] abci::ResponseOfferSnapshot::Result offer(const abci::RequestOfferSnapshot& in);
  void apply(const abci::RequestApplySnapshotChunk& in, abci::ResponseApplySnapshotChunk& out);
  void wait_for_the_end(bool block_stored);

  state::Database& database_;
  const model::Genesis& genesis_;
  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::unique_ptr<chain::SnapshotTaker> taker_;
  State state_;
  bool restored_ = false;
  bool stopping_ = false;
};

}  // namespace xl::ordering::cometbft
