// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "contracts/api/contract.h"
#include "model/block_state.h"
#include "model/comet/header.h"
#include "model/history.h"
#include "verification/quota.h"
#include "verification/verifier.h"

namespace xl::execution {

/// A transaction of a block, decoded ahead; one that could not be decoded is its error.
using Item = Result<verification::CheckedTransaction>;
/// An envelope of a block, decoded ahead.
struct EnvelopeInput {
  /// Nothing of a malformed envelope, or one that no member signed, is looked at.
  Result<model::Envelope> envelope;
  std::vector<Item> items;  ///< one per transaction of the envelope
  /// Of the envelope's own signature, where it was made or checked ahead.
  std::optional<verification::SignatureVerdict> verdict;
};
/// A block as execution sees it.
struct BlockInput {
  std::uint64_t height = 0;
  std::uint64_t block_ms = 0;
  std::span<const EnvelopeInput* const> envelopes;  ///< outlive the execution, none is null
};

/// Where the envelopes of a block decoded in one piece are: what `BlockInput` wants.
[[nodiscard]] std::vector<const EnvelopeInput*> places_of(std::span<const EnvelopeInput> envelopes);

/// What one executed transaction did. Only the executor builds one.
class Receipt {
 public:
  [[nodiscard]] const model::HistoryEntry& entry() const { return entry_; }
  /// Canonical TransactionResult: what `entry().result_digest` is the digest of.
  [[nodiscard]] const Bytes& result() const { return result_; }
  [[nodiscard]] const std::vector<contracts::Event>& events() const { return events_; }

 private:
  friend class Executor;
  Receipt() = default;
  model::HistoryEntry entry_;
  Bytes result_;
  std::vector<contracts::Event> events_;
};

/// A transaction of the block that left no trace, and why.
struct Rejection {
  std::uint32_t index = 0;
  std::uint32_t envelope_index = 0;
  bool whole_envelope = false;  ///< nothing of the envelope was looked at
  Error error;
};

/// Everything a block did. `writes` are relative to the state it was executed on.
struct BlockResult {
  model::WriteSet writes;
  std::vector<Receipt> receipts;  ///< executed transactions, in order
  std::vector<Rejection> rejections;
  std::vector<Bytes> envelope_data;  ///< one per envelope: ExecTxResult.data, hashed by the engine
  /// Transactions rolled back by a broken invariant; the zero id for a step at the block's end.
  std::vector<Hash> alarms;
  /// Canonical TransactionResult with the events of the block's end, status 0; empty: there is
  /// none.
  Bytes end_result;
  contracts::EngineChanges engine;  ///< what the ordering engine is to do from the next heights on
};

/// Runs blocks: (state reader, block) -> (writes, receipts, events). Pure and deterministic; no
/// store, thread or clock. Thread-safe: holds nothing that changes.
class Executor {
 public:
  /// `registry` must outlive the executor. `network` is the id that transactions must name.
  /// `table_seed` spreads keys over tables: any number gives the same results, one that nobody
  /// outside knows keeps chosen keys from making them slow.
  Executor(const contracts::Registry& registry, const Hash& network, std::uint64_t table_seed = 0)
      : registry_(registry), network_(network), table_seed_(table_seed) {}

  /// Executes `block` on `state`. A refused transaction costs its replay mark only; a rejected one
  /// leaves nothing. When a transaction ran, contracts then do what is due (`end_block`), members'
  /// quotas are counted, and replay marks past their time are dropped, oldest first, bounded.
  [[nodiscard]] BlockResult execute(const model::StateReader& state, const BlockInput& block) const;

 private:
  struct Position;
  [[nodiscard]] Bytes run_envelope(const EnvelopeInput& input, const contracts::Context& context,
                                   std::uint32_t index, model::BlockState& block_state,
                                   verification::QuotaMeter& quotas, BlockResult& result) const;
  void end_block(const contracts::Context& context, model::BlockState& block_state,
                 BlockResult& result) const;
  [[nodiscard]] Receipt run(const verification::VerifiedTransaction& verified,
                            contracts::Context context, model::BlockState& block_state,
                            const Position& position, BlockResult& result) const;
  [[nodiscard]] bool invariants_hold(const model::Overlay& changes,
                                     const model::StateReader& before) const;

  const contracts::Registry& registry_;
  Hash network_;
  std::uint64_t table_seed_;
};

/// The validators that governance's members are, in the engine's order: what the genesis' own list
/// must be. Empty when the genesis names no members.
[[nodiscard]] model::comet::ValidatorSet validators_of(const model::StateReader& state);

/// The public key of a registered key id, whatever its status: what a receipt needs so that anyone
/// can check signatures. Nothing when the id was never registered.
[[nodiscard]] std::optional<Bytes> public_key_of(const model::StateReader& state,
                                                 const Hash& key_id);

}  // namespace xl::execution
