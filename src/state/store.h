// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <vector>

#include "model/kv.h"
#include "model/receipt.h"
#include "state/database.h"
#include "state/head_cache.h"
#include "state/tree.h"

namespace xl::state {

/// The authenticated key-value state of one member: values in RocksDB, the tree in memory.
///
/// One thread executes: it reads `head()`, and hands each block's writes to `stage`, which moves
/// the tree and fills the batch that will make them durable. Another may write those batches and
/// then call `made_durable`. Everybody else reads through `durable_view` and `prove`.
class Store {
 public:
  /// Rebuilds the tree from `database`. `height` is the last durable height. `progress` is called
  /// now and then with the number of leaves read. Errors: store_corrupt, store_failed.
  /// Cost: about 1 µs per key.
  [[nodiscard]] static Result<std::unique_ptr<Store>> open(
      Database& database, std::uint64_t height,
      const std::function<void(std::uint64_t)>& progress = {});

  /// State as of the last staged block. Executing thread only.
  [[nodiscard]] const model::StateReader& head() const { return head_; }

  /// Applies the writes of block `height` to the tree and adds them, and what they overwrite, to
  /// `batch`. Returns the new root. Executing thread only. Precondition: heights rise.
  Hash stage(std::uint64_t height, model::WriteSet writes, Batch& batch);

  /// Says that every batch up to `height` is on disk. Thread-safe.
  void made_durable(std::uint64_t height);

  /// Root after the last staged block. Thread-safe.
  [[nodiscard]] Hash root() const;

  /// Number of keys in the state. Thread-safe.
  [[nodiscard]] std::uint64_t key_count() const;
  /// Memory of the tree. Thread-safe.
  [[nodiscard]] std::uint64_t memory_bytes() const;

  /// A consistent reader of the durable state. Thread-safe; the reader too.
  [[nodiscard]] std::unique_ptr<model::StateReader> durable_view() const;

  /// The value of `key` after block `height` and the proof of it, with the root it leads to.
  /// Thread-safe. Errors: height_unknown (not durable yet), height_too_old, store_corrupt.
  /// Cost: microseconds at the head; further back it grows with the number of keys overwritten
  /// since.
  struct Proved {
    model::StateProof proof;
    Hash root{};
  };
  [[nodiscard]] Result<Proved> prove(ByteView key, std::uint64_t height) const;

 private:
  class Head final : public model::StateReader {
   public:
    explicit Head(Store& store) : store_(store) {}
    [[nodiscard]] bool get(ByteView key, Bytes& value) const override;
    [[nodiscard]] bool view(ByteView key, const std::function<void(ByteView)>& use) const override;
    void scan(ByteView prefix, ByteView from, std::uint32_t count_max,
              const std::function<bool(ByteView, ByteView)>& visit) const override;

   private:
    Store& store_;
  };

  /// A staged block: its writes until they are durable, and what they overwrote.
  struct Staged {
    std::uint64_t height = 0;
    std::shared_ptr<const model::WriteSet> writes;  ///< shared with scans in progress
    std::vector<Tree::Update> old;                  ///< by path
    Bytes undo;                                     ///< the same with keys and values, as stored
  };

  Store(Database& database, std::uint64_t height);
  [[nodiscard]] Status build(const std::function<void(std::uint64_t)>& progress);
  [[nodiscard]] HeadCache::Known& know(ByteView key);
  void prune_undo(std::uint64_t height, Batch& batch);
  /// What blocks in (above, below) overwrote, from disk: appended oldest first.
  [[nodiscard]] Status load_undo(std::uint64_t above, std::uint64_t below,
                                 std::vector<Tree::Update>& past, ByteView key,
                                 std::optional<std::optional<Bytes>>& old_value) const;

  Database& database_;
  Head head_{*this};
  HeadCache cache_;  // executing thread only
  std::uint64_t pruned_height_ = 0;
  std::atomic<std::uint64_t> durable_height_;

  mutable std::shared_mutex mutex_;  // guards the members below
  Tree tree_;
  std::uint64_t staged_height_;
  std::deque<Staged> recent_;  // ascending by height; durable ones are kept for quick proofs
};

}  // namespace xl::state
