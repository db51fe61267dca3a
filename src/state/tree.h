// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "crypto/sparse_merkle.h"

namespace xl::state {

/// The sparse Merkle tree of the state, inner nodes in memory (`docs/reference/formats.md` §5).
///
/// Writing every touched inner node to disk would cost 19 to 24 random writes per transaction, so
/// only leaves are durable (as state values) and the tree is rebuilt from them at start: 0.5 s for
/// 10^6 leaves. About 170 bytes of memory per leaf. Proofs at earlier heights are made by putting
/// back, for the walk alone, what later blocks overwrote.
///
/// Not thread-safe: the owner locks.
class Tree {
 public:
  /// New content of one path; no value means absent.
  struct Update {
    Hash path{};
    std::optional<Hash> value_hash;
    bool operator==(const Update&) const = default;
  };

  Tree();
  ~Tree();
  Tree(Tree&&) noexcept;
  Tree& operator=(Tree&&) noexcept;

  /// Applies updates sorted by path, no path twice, and returns the new root. `overwritten` (may
  /// be null) receives what puts the tree back, in the same order.
  /// Cost: about 24 hashes for a single update at 10^7 leaves, fewer when updates share prefixes.
  Hash apply(std::span<const Update> updates, std::vector<Update>* overwritten = nullptr);

  [[nodiscard]] Hash root() const;
  [[nodiscard]] std::uint64_t leaf_count() const;
  /// Bytes of memory that nodes take.
  [[nodiscard]] std::uint64_t memory_bytes() const;

  /// Is the path present?
  [[nodiscard]] bool contains(const Hash& path) const { return find(path).has_value(); }

  /// The value hash of a path, if it is present.
  [[nodiscard]] std::optional<Hash> find(const Hash& path) const;

  /// Proof for `path` in the tree that this tree becomes when `past` (sorted by path, no path
  /// twice) is put back. An empty `past` proves the present. Also returns that tree's root.
  /// Cost: a walk, plus about two hashes per element of `past`.
  struct ProofAt {
    crypto::sparse_merkle::Proof proof;
    Hash root{};
  };
  [[nodiscard]] ProofAt prove(const Hash& path, std::span<const Update> past) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace xl::state
