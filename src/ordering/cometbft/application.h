// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "base/clock.h"
#include "chain/snapshot_maker.h"
#include "ordering/cometbft/envelopes.h"
#include "ordering/cometbft/server.h"

namespace xl::ordering::cometbft {

/// A block that was executed and is durable.
struct ExecutedBlock {
  std::uint64_t height = 0;
  std::vector<Hash> envelopes;    ///< SHA-256 of each, in order
  execution::BlockResult result;  ///< but for its writes
};

/// One refusal in the `data` of a CheckTx answer.
struct Refusal {
  std::uint16_t position = 0;  ///< within the envelope; `whole_envelope` for all of it
  ErrorCode code{};
  static constexpr std::uint16_t whole_envelope = 0xffff;
};
/// Four bytes for each, big-endian: position, code.
[[nodiscard]] Bytes encode_refusals(const std::vector<Refusal>& refusals);
/// False when malformed.
[[nodiscard]] bool decode_refusals(ByteView bytes, std::vector<Refusal>& out);

/// The ledger as CometBFT's application (ABCI 2.0, consensus.md §2). `handle` may be called for
/// each connection on its own thread; the calls of the consensus connection come one by one.
/// FinalizeBlock leaves nothing on disk, Commit is one synced batch.
class Application {
 public:
  /// What others want to know or decide. Called on the connections' threads: must be quick.
  struct Hooks {
    std::function<void(ExecutedBlock block)> committed;
    /// May the node with this CometBFT id (40 hex digits) be a peer?
    std::function<bool(std::string_view node_id)> peer_allowed;
    /// A durable block proves that a validator broke the rules.
    std::function<void(const chain::Misbehaviour& proved)> misbehaved;
    /// For tests: called at named steps; may end the process.
    std::function<void(std::string_view step)> step_hook;
  };

  /// `snapshots` may be null: none are made and offered. All arguments outlive it.
  Application(chain::Chain& chain, const Clock& clock, Hooks hooks,
              chain::SnapshotMaker* snapshots = nullptr);

  void handle(const abci::Request& request, abci::Response& response);

  /// Time of the last executed block. Thread-safe.
  [[nodiscard]] std::uint64_t block_ms() const { return block_ms_.load(); }

  /// Lends what the gateway of this node checked and packed itself, so that it is not checked
  /// again.
  void remember(const Hash& digest, std::size_t bytes, CheckedEnvelope envelope) {
    cache_.add(digest, bytes, std::move(envelope));
  }

 private:
  void decide(const abci::Request& request, abci::Response& response);
  void info(abci::ResponseInfo& out) const;
  [[nodiscard]] std::string init_chain(const abci::RequestInitChain& in,
                                       abci::ResponseInitChain& out) const;
  void query(const abci::RequestQuery& in, abci::ResponseQuery& out) const;
  void list_snapshots(abci::ResponseListSnapshots& out) const;
  void load_chunk(const abci::RequestLoadSnapshotChunk& in,
                  abci::ResponseLoadSnapshotChunk& out) const;
  void check_tx(const abci::RequestCheckTx& in, abci::ResponseCheckTx& out);
  [[nodiscard]] std::vector<Refusal> admissible(const execution::EnvelopeInput& envelope) const;
  void recheck(const execution::EnvelopeInput& envelope, abci::ResponseCheckTx& out) const;
  void prepare(const abci::RequestPrepareProposal& in, abci::ResponsePrepareProposal& out);
  [[nodiscard]] Status acceptable(const abci::RequestProcessProposal& in);
  void finalize(const abci::RequestFinalizeBlock& in, abci::ResponseFinalizeBlock& out);
  void commit();
  void step(std::string_view name) const {
    if (hooks_.step_hook) hooks_.step_hook(name);
  }

  chain::Chain& chain_;
  const Clock& clock_;
  Hooks hooks_;
  chain::SnapshotMaker* snapshots_;
  EnvelopeCache cache_;
  CheckPool pool_;  // shared by the two below
  std::mutex mempool_mutex_;
  EnvelopeChecker mempool_;  // guarded by mempool_mutex_
  std::mutex consensus_mutex_;
  EnvelopeChecker consensus_;            // guarded by consensus_mutex_, as pending_
  std::atomic<std::uint64_t> block_ms_;  // of the last executed block

  /// Finalised, not committed.
  struct Pending {
    std::string hash;  ///< of the block
    chain::FinalizedBlock block;
    ExecutedBlock executed;
    std::vector<chain::Misbehaviour> misbehaved;
    abci::ResponseFinalizeBlock answer;
  };
  std::optional<Pending> pending_;
};

}  // namespace xl::ordering::cometbft
