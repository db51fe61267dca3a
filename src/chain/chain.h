// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <vector>

#include "chain/history_tree.h"
#include "chain/snapshot.h"
#include "execution/executor.h"
#include "model/comet/light_client.h"
#include "model/envelope.h"
#include "model/genesis.h"
#include "state/store.h"

namespace xl::chain {

/// What the ledger stands at.
struct Head {
  std::uint64_t height = 0;         ///< last executed block
  std::uint64_t signed_height = 0;  ///< last height with header and commit
  Hash app_hash{};                  ///< after `height`
  Hash state_root{};
  Hash history_root{};
  std::uint64_t history_size = 0;
};

/// The envelopes of a block, decoded, which may be done ahead and on many threads.
using DecodedBlock = std::vector<execution::EnvelopeInput>;

/// A header with its commit, ready to be stored, and the block it belongs to.
struct SignedBlock {
  model::comet::LightBlock light;
  std::vector<Bytes> envelopes;
  model::comet::Commit last_commit;
  model::comet::EvidenceList evidence;
};

/// A validator that a block proves to have broken the engine's rules.
struct Misbehaviour {
  Bytes validator;              ///< 20-byte address
  std::uint64_t height = 0;     ///< at which it did
  std::uint64_t proved_at = 0;  ///< height of the block that holds the proof
  bool double_vote = false;     ///< else an attack on light clients
  bool operator==(const Misbehaviour&) const = default;
};

/// A block that was executed but is not durable yet.
struct FinalizedBlock {
  Head head;  ///< what the chain stands at once this is durable
  execution::BlockResult result;
  state::Batch batch;
};

/// A transaction and where it stands.
struct LocatedTransaction {
  model::HistoryEntry entry;
  std::uint64_t history_index = 0;
  Bytes result;
};

/// A header with its commit, the last block of each set of validators since the genesis, and the
/// set behind it.
struct SignedHeader {
  model::comet::LightBlock block;
  std::vector<model::comet::LightBlock> trust_path;
  model::comet::ValidatorSet next_validators;
};

/// A stored block.
struct StoredBlockView {
  model::comet::Header header;
  std::vector<Bytes> envelopes;
  model::comet::Commit last_commit;  ///< of the block before, as this one holds it
  model::comet::EvidenceList evidence;
  std::optional<model::comet::Commit> commit;  ///< of this block
  Bytes end_result;  ///< canonical TransactionResult with the events of its end; empty: none
};

/// Joins execution and state: runs ordered blocks, makes them durable in one synced batch each, and
/// serves what is durable. Same use of threads as `state::Store`: one finalises, one persists
/// (may be the same), anyone reads.
class Chain {
 public:
  /// Opens the ledger in `database`, founding it from `genesis` when it is empty. After a crash the
  /// store is at the last durable block; nothing half-written can be there.
  /// Errors: genesis_differs, store_version_unsupported, store_corrupt (state root, history root
  /// or head do not fit together), genesis_malformed, store_failed.
  [[nodiscard]] static Result<std::unique_ptr<Chain>> open(
      state::Database& database, const contracts::Registry& registry, model::Genesis genesis,
      const std::function<void(std::uint64_t)>& progress = {});

  /// Executes a block on the last finalised one and changes nothing. Executing thread only.
  /// `decoded` are the block's envelopes.
  [[nodiscard]] execution::BlockResult execute(std::uint64_t height, std::uint64_t block_ms,
                                               const DecodedBlock& decoded) const;
  /// The same for envelopes that are kept elsewhere; none is null.
  [[nodiscard]] execution::BlockResult execute(
      std::uint64_t height, std::uint64_t block_ms,
      std::span<const execution::EnvelopeInput* const> envelopes) const;

  /// Moves the chain to what `execute` gave for this height. Leaves nothing on disk. Executing
  /// thread only. Precondition: `height` is above every earlier one.
  [[nodiscard]] FinalizedBlock finalize(std::uint64_t height, execution::BlockResult result);

  /// Adds headers and commits to the same batch (engines that have them at once) or to one of
  /// their own. Errors: those of `comet::verify_light_block`: nothing unsigned is ever stored.
  [[nodiscard]] Status add_signed(state::Batch& batch, const SignedBlock& block) const;

  /// Has the block that proves these cases remember them; the oldest go when there are too many.
  /// Errors: those of `misbehaviour`.
  [[nodiscard]] Status add_misbehaviour(FinalizedBlock& block,
                                        const std::vector<Misbehaviour>& cases) const;
  /// What was proved in durable blocks, oldest first. Errors: store_corrupt, store_failed.
  /// Thread-safe.
  [[nodiscard]] Result<std::vector<Misbehaviour>> misbehaviour() const;

  /// Makes a finalised block durable, with the headers added to it. `signed_height` is the highest
  /// of them, 0 when there are none. Errors: store_failed. The process must stop on an error.
  [[nodiscard]] Status persist(FinalizedBlock&& block, std::uint64_t signed_height);

  /// Makes a header and commit durable that came later than what their block did. Precondition:
  /// heights rise by one. Thread-safe beside `persist`. Errors: those of `add_signed`,
  /// validators_mismatch (the header names other sets than the ledger gives its height and the
  /// next), store_failed.
  [[nodiscard]] Status persist_signed(const SignedBlock& block);

  /// Reads state as of the last finalised block. Executing thread only.
  [[nodiscard]] const model::StateReader& head_state() const { return state_->head(); }
  /// Reads durable state. Thread-safe.
  [[nodiscard]] std::unique_ptr<model::StateReader> durable_state() const {
    return state_->durable_view();
  }

  /// What is durable. Thread-safe.
  [[nodiscard]] Head head() const;
  /// What was finalised last. Executing thread only.
  [[nodiscard]] const Head& finalized_head() const { return finalized_; }

  /// The validators in force at `height`, up to two above the last durable block: a change takes
  /// effect two heights behind the block that made it. Errors: height_unknown, store_corrupt.
  /// Thread-safe.
  [[nodiscard]] Result<model::comet::ValidatorSet> validators(std::uint64_t height) const;

  [[nodiscard]] const model::Genesis& genesis() const { return genesis_; }
  [[nodiscard]] const contracts::Registry& registry() const { return registry_; }
  [[nodiscard]] const state::Store& state() const { return *state_; }

  /// Errors: transaction_unknown, store_corrupt. Thread-safe.
  [[nodiscard]] Result<LocatedTransaction> transaction(const Hash& id) const;
  /// First height whose block is kept here: 1, the one behind a snapshot that was taken, or the one
  /// that forgetting came to. Thread-safe.
  [[nodiscard]] std::uint64_t base() const;
  /// Forgets blocks below `height` and the transactions in them, at most `blocks_max` at once;
  /// true when nothing more is to be forgotten. The last block that executed something at or below
  /// `height` stays, and of forgotten blocks the headers and commits that change validators: what
  /// remains is provable from the genesis. Precondition: `height` is at most the head's, less the
  /// heights that state proofs are kept for. Errors: store_corrupt, store_failed (the process must
  /// stop). Thread-safe beside everything; one caller at a time.
  [[nodiscard]] Result<bool> forget_below(std::uint64_t height, std::uint64_t blocks_max);
  /// Time of the last header that is kept here, or of what comes before the first. Errors:
  /// store_corrupt. Thread-safe.
  [[nodiscard]] Result<std::uint64_t> last_time_ms() const;

  /// Errors: height_unknown, block_not_kept (below `base`), store_corrupt. Thread-safe.
  [[nodiscard]] Result<StoredBlockView> block(std::uint64_t height) const;
  /// The transaction's own bytes, from its block. Errors: as `transaction` and `block`.
  [[nodiscard]] Result<Bytes> transaction_bytes(const LocatedTransaction& located) const;

  /// The receipt of an executed transaction, for a verifier that knows the header and validators of
  /// height `since` (0: the genesis alone): under a header above it where there is one, without the
  /// changes of validators up to it. Errors: transaction_unknown, height_unknown (its proof block
  /// is not there yet; nothing was signed at `since`), store_corrupt. Thread-safe.
  [[nodiscard]] Result<model::Receipt> receipt(const Hash& id, std::uint64_t since = 0) const;
  /// The last block whose state a header proves: the header after a block carries what it did, and
  /// may not be there yet. Thread-safe.
  [[nodiscard]] std::uint64_t provable_height() const;
  /// A receipt for what `key` held after block `height` (the last executed block when 0); `since`
  /// as above. Errors: those of `state::Store::prove`, height_unknown. Thread-safe.
  [[nodiscard]] Result<model::Receipt> state_receipt(ByteView key, std::uint64_t height,
                                                     std::uint64_t since = 0) const;
  /// A signed header and how it is known to be the network's. Errors: height_unknown (not signed
  /// yet, or forgotten), store_corrupt. Thread-safe.
  [[nodiscard]] Result<SignedHeader> signed_header(std::uint64_t height) const;
  /// The validators in force at a height up to the second behind the last executed one. Errors:
  /// store_corrupt. Thread-safe.
  [[nodiscard]] Result<model::comet::ValidatorSet> validators_at(std::uint64_t height) const;
  /// The way from the genesis to the header behind `height`, with commits that every member has.
  /// Errors: height_unknown (the second header behind is not there yet), store_corrupt.
  /// Thread-safe.
  [[nodiscard]] Result<snapshot::Way> way_behind(std::uint64_t height) const;
  /// Proof that the history of `size1` entries is the beginning of that of `size2`.
  /// Errors: height_unknown when a size is beyond the head. Thread-safe.
  [[nodiscard]] Result<std::vector<Hash>> consistency(std::uint64_t size1,
                                                      std::uint64_t size2) const;

 private:
  Chain(state::Database& database, const contracts::Registry& registry, model::Genesis genesis)
      : database_(database),
        registry_(registry),
        genesis_(std::move(genesis)),
        executor_(registry, genesis_.network, table_seed()) {}

  [[nodiscard]] static std::uint64_t table_seed();
  [[nodiscard]] Status found();
  [[nodiscard]] Status restore(ByteView stored_head,
                               const std::function<void(std::uint64_t)>& progress);
  [[nodiscard]] Status check_genesis_members(const model::StateReader& state) const;
  [[nodiscard]] Status check_sets(const model::comet::Header& header) const;
  void add_late_votes(state::Batch& batch, const SignedBlock& next) const;
  void change_validators(std::uint64_t height, FinalizedBlock& block);
  [[nodiscard]] Status forget(std::uint64_t height, bool changes_validators,
                              state::Batch& batch) const;
  [[nodiscard]] Status complete(model::Receipt& receipt, std::uint64_t height,
                                std::uint64_t since) const;
  [[nodiscard]] Result<std::vector<model::comet::LightBlock>> path_to(std::uint64_t height,
                                                                      std::uint64_t since) const;
  [[nodiscard]] Result<std::optional<std::uint64_t>> executed_at_or_below(
      std::uint64_t height) const;
  [[nodiscard]] Result<StoredBlockView> stored_block(std::uint64_t height) const;
  [[nodiscard]] Result<model::comet::LightBlock> light_block(std::uint64_t height) const;
  [[nodiscard]] Result<std::vector<std::uint64_t>> set_changes(std::uint64_t up_to) const;

  state::Database& database_;
  const contracts::Registry& registry_;
  model::Genesis genesis_;
  execution::Executor executor_;
  std::unique_ptr<state::Store> state_;
  std::optional<HistoryTree> history_;    // executing thread only
  Head finalized_;                        // executing thread only
  mutable std::shared_mutex base_mutex_;  // held while blocks are forgotten; guards base_
  std::uint64_t base_ = 1;
  std::uint64_t base_ms_ = 0;  // time before the block of that height, when it was opened
  /// As of the last change, whether or not it is in force yet. Executing thread only.
  model::comet::ValidatorSet latest_validators_;

  std::mutex write_mutex_;  // one write of the head at a time; taken before mutex_
  mutable std::mutex mutex_;
  Head durable_;  // guarded by mutex_
  /// Height and time of the last header that was asked about: every request asks, and a block may
  /// be large. Guarded by mutex_.
  mutable std::optional<std::pair<std::uint64_t, std::uint64_t>> last_time_;
};

/// Decodes and checks a block's envelopes and transactions, without state. Thread-safe.
[[nodiscard]] DecodedBlock decode_block(const std::vector<Bytes>& envelopes,
                                        const contracts::Registry& registry);

/// Makes a block's changes to a set of validators, which stays in the engine's order.
void apply_changes(model::comet::ValidatorSet& validators, const contracts::EngineChanges& changes);

/// The key under which a height is stored.
[[nodiscard]] Bytes height_key(std::uint64_t height);

}  // namespace xl::chain
