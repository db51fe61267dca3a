// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"

namespace xl::crypto::merkle {

/// The append-only tree of RFC 9162 §2.1 (the same as RFC 6962 and CometBFT's): leaves
/// SHA-256(0x00 ‖ x), inner nodes SHA-256(0x01 ‖ left ‖ right), empty tree SHA-256("").

/// At most 64 levels: a tree of 2^64 leaves does not exist.
constexpr std::size_t path_length_max = 64;

/// SHA-256(0x00 ‖ leaf).
[[nodiscard]] Hash leaf_hash(ByteView leaf);
/// SHA-256(0x01 ‖ left ‖ right).
[[nodiscard]] Hash inner_hash(const Hash& left, const Hash& right);
/// Root of no leaves.
[[nodiscard]] Hash empty_root();
/// Root of the tree over already hashed leaves. Cost: one hash per leaf.
[[nodiscard]] Hash root_of_leaf_hashes(std::span<const Hash> leaf_hashes);
/// Root of the tree over raw leaves.
[[nodiscard]] Hash root_of(std::span<const Bytes> leaves);
/// The inclusion path of leaf `index` in the tree over `leaf_hashes`, lowest sibling first
/// (RFC 9162 §2.1.3.1). Precondition: index < size.
[[nodiscard]] std::vector<Hash> inclusion_path(std::span<const Hash> leaf_hashes,
                                               std::uint64_t index);

/// The root to which `path` leads from leaf `index` of a tree of `size` leaves; nothing when the
/// path is too short or too long, or `index` is not below `size`.
[[nodiscard]] std::optional<Hash> root_of_inclusion(const Hash& leaf, std::uint64_t index,
                                                    std::uint64_t size, std::span<const Hash> path);

/// True when `path` proves that `leaf` (a leaf hash) is leaf `index` of the tree of `size` leaves
/// with `root` (RFC 9162 §2.1.3.2). Every hash of `path` must be used.
[[nodiscard]] bool verify_inclusion(const Hash& leaf, std::uint64_t index, std::uint64_t size,
                                    std::span<const Hash> path, const Hash& root);

/// True when `path` proves that the tree (`size2`, `root2`) extends (`size1`, `root1`)
/// (RFC 9162 §2.1.4.2). size1 = 0 is consistent with everything and needs an empty path.
[[nodiscard]] bool verify_consistency(std::uint64_t size1, std::uint64_t size2, const Hash& root1,
                                      const Hash& root2, std::span<const Hash> path);

/// The roots of the perfect subtrees that make up a tree, largest first: all that is needed to
/// append. Not thread-safe.
class Frontier {
 public:
  Frontier() = default;
  /// Restores a frontier. Precondition: `roots.size()` equals the number of one bits of `size`.
  Frontier(std::uint64_t size, std::vector<Hash> roots);

  void append(const Hash& leaf);
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] const std::vector<Hash>& roots() const { return roots_; }
  /// Root of the whole tree. Cost: one hash per one bit of size.
  [[nodiscard]] Hash root() const;

 private:
  std::uint64_t size_ = 0;
  std::vector<Hash> roots_;
};

/// Where proofs read nodes from: the hash of the perfect subtree number `index` (from the left,
/// counting subtrees of 2^level leaves) at `level`.
class NodeReader {
 public:
  virtual ~NodeReader() = default;
  /// False when that subtree is not complete or not stored.
  [[nodiscard]] virtual bool node(unsigned level, std::uint64_t index, Hash& out) const = 0;
};

/// Inclusion path of leaf `index` in the tree of the first `size` leaves, from stored perfect
/// subtrees. False when a node is missing. Precondition: index < size.
[[nodiscard]] bool inclusion_path(const NodeReader& nodes, std::uint64_t index, std::uint64_t size,
                                  std::vector<Hash>& out);

/// Consistency path from the first `size1` to the first `size2` leaves (RFC 9162 §2.1.4.1).
/// False when a node is missing. Precondition: 0 < size1 <= size2.
[[nodiscard]] bool consistency_path(const NodeReader& nodes, std::uint64_t size1,
                                    std::uint64_t size2, std::vector<Hash>& out);

}  // namespace xl::crypto::merkle
