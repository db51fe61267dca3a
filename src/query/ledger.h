// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>
#include <vector>

#include "chain/chain.h"

/// Reads of the durable ledger in the model's own types: what the gateway shows of it.
namespace xl::query {

/// What the ledger stands at.
struct LedgerHead {
  std::string chain_id;
  std::uint64_t height = 0;  ///< last signed block
  std::uint64_t block_ms = 0;
  Hash app_hash{};
  Hash state_root{};
  Hash history_root{};
  std::uint64_t history_size = 0;
  std::uint64_t state_keys = 0;
};

/// An executed transaction with everything that is stored of it.
struct LedgerTransaction {
  model::HistoryEntry entry;
  std::uint64_t history_index = 0;
  std::uint64_t block_ms = 0;
  Bytes raw;     ///< as sent
  Bytes result;  ///< canonical TransactionResult
};

/// A block as people look at it.
struct LedgerBlock {
  model::comet::Header header;
  model::comet::Commit commit;
  std::vector<chain::LocatedTransaction> executed;  ///< in order
  std::vector<Hash> rejected;  ///< what stands in the block and left no trace: a replay, say
  Bytes end_result;  ///< canonical TransactionResult with the events of its end; empty: none
};

/// One executed transaction, or what the end of a block did, as an event of the ledger. Its cursor
/// is (height, position).
struct LedgerEvent {
  std::uint64_t height = 0;
  std::uint32_t position = 0;  ///< among the executed transactions of its block; its end is behind
  std::optional<model::HistoryEntry> entry;  ///< nothing: the end of the block
  Bytes result;                              ///< canonical TransactionResult
};

/// Thread-safe; every method reads what is durable.
class Ledger {
 public:
  explicit Ledger(const chain::Chain& chain) : chain_(chain) {}

  [[nodiscard]] const model::Genesis& genesis() const { return chain_.genesis(); }
  [[nodiscard]] const contracts::Registry& registry() const { return chain_.registry(); }
  /// Errors: store_corrupt.
  [[nodiscard]] Result<LedgerHead> head() const;
  /// Errors: transaction_unknown, store_corrupt.
  [[nodiscard]] Result<LedgerTransaction> transaction(const Hash& id) const;
  /// Errors: height_unknown, store_corrupt.
  [[nodiscard]] Result<LedgerBlock> block(std::uint64_t height) const;
  /// Errors: those of `chain::Chain::receipt`.
  [[nodiscard]] Result<model::Receipt> receipt(const Hash& id, std::uint64_t since = 0) const {
    return chain_.receipt(id, since);
  }
  /// The last block whose state can be proved now.
  [[nodiscard]] std::uint64_t provable_height() const { return chain_.provable_height(); }
  /// Errors: those of `chain::Chain::state_receipt`.
  [[nodiscard]] Result<model::Receipt> state_receipt(ByteView key, std::uint64_t height,
                                                     std::uint64_t since = 0) const {
    return chain_.state_receipt(key, height, since);
  }
  /// Errors: those of `chain::Chain::signed_header`.
  [[nodiscard]] Result<chain::SignedHeader> signed_header(std::uint64_t height) const {
    return chain_.signed_header(height);
  }
  /// Errors: height_unknown.
  [[nodiscard]] Result<std::vector<Hash>> consistency(std::uint64_t size1,
                                                      std::uint64_t size2) const {
    return chain_.consistency(size1, size2);
  }
  /// The executed transactions and ends of blocks that did something behind the cursor (`height`,
  /// `position`), oldest first, at most `count_max` and from at most `blocks_max` blocks;
  /// `next_height` is where to go on when there were none. Errors: store_corrupt.
  struct Page {
    std::vector<LedgerEvent> events;
    std::uint64_t next_height = 0;
  };
  [[nodiscard]] Result<Page> events_behind(std::uint64_t height, std::uint32_t position,
                                           std::size_t count_max, std::size_t blocks_max) const;
  /// The first height whose block is kept here: 1 where nothing was forgotten.
  [[nodiscard]] std::uint64_t first_height() const { return chain_.base(); }
  /// Reads durable state.
  [[nodiscard]] std::unique_ptr<model::StateReader> state() const { return chain_.durable_state(); }

 private:
  const chain::Chain& chain_;
};

}  // namespace xl::query
