// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <array>
#include <vector>

#include "crypto/merkle.h"
#include "state/database.h"

namespace xl::chain {

/// The history tree on disk: hashes of perfect subtrees in tiles of 64, only at every sixth level;
/// levels between are computed from them. The open tiles are kept in memory, so that appending
/// reads nothing. One thread appends; proofs read the database and are thread-safe.
class HistoryTree {
 public:
  /// Restores the tree of `size` leaves. Errors: store_corrupt (tiles missing), store_failed.
  [[nodiscard]] static Result<HistoryTree> open(state::Database& database, std::uint64_t size);

  /// How many hashes the open tile of each tile level holds when the tree has `size` leaves, lowest
  /// level first; all that is needed to append and to prove what is appended.
  [[nodiscard]] static std::vector<std::size_t> tile_counts(std::uint64_t size);
  /// Those tiles as the store has them. Errors: store_corrupt (missing), store_failed.
  [[nodiscard]] static Result<std::vector<std::vector<Hash>>> open_tiles(
      const state::Database& database, std::uint64_t size, const state::Snapshot* snapshot);
  /// The root they give. Precondition: as many hashes as `tile_counts` says.
  [[nodiscard]] static Hash root_of_tiles(std::uint64_t size,
                                          const std::vector<std::vector<Hash>>& tiles);
  /// Adds them to an empty store.
  static void put_tiles(std::uint64_t size, const std::vector<std::vector<Hash>>& tiles,
                        state::Batch& batch);

  void append(const Hash& leaf);
  /// Adds the tiles that changed since the last call to `batch`.
  void flush(state::Batch& batch);

  [[nodiscard]] std::uint64_t size() const { return frontier_.size(); }
  [[nodiscard]] Hash root() const { return frontier_.root(); }

 private:
  struct OpenTile {
    std::vector<Hash> hashes;             ///< fewer than 64
    std::vector<std::vector<Hash>> full;  ///< completed since the last flush
    bool dirty = false;
  };

  void append_at(std::size_t tile_level, const Hash& hash);

  crypto::merkle::Frontier frontier_;
  std::vector<OpenTile> open_;         // by tile level
  std::vector<std::uint64_t> counts_;  // hashes ever added, by tile level
};

/// Reads nodes of the durable history tree for proofs.
class HistoryNodes final : public crypto::merkle::NodeReader {
 public:
  explicit HistoryNodes(const state::Database& database) : database_(database) {}
  [[nodiscard]] bool node(unsigned level, std::uint64_t index, Hash& out) const override;

 private:
  const state::Database& database_;
};

}  // namespace xl::chain
