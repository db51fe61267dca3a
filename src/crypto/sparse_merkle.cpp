// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "crypto/sparse_merkle.h"

#include <algorithm>

#include "base/check.h"
#include "crypto/hash.h"

namespace xl::crypto::sparse_merkle {
namespace {

// 0x02 and 0x03, so that no node of the state is also a node of the history (0x00, 0x01).
constexpr std::uint8_t leaf_prefix[] = {0x02};
constexpr std::uint8_t inner_prefix[] = {0x03};

/// Splits sorted leaves that agree in their first `depth` bits by their next bit.
std::pair<std::span<const Leaf>, std::span<const Leaf>> split(std::span<const Leaf> leaves,
                                                              unsigned depth) {
  const auto middle = std::partition_point(
      leaves.begin(), leaves.end(), [depth](const Leaf& leaf) { return !bit(leaf.path, depth); });
  const auto left = static_cast<std::size_t>(middle - leaves.begin());
  return {leaves.first(left), leaves.subspan(left)};
}

/// Recursion is bounded by `depth_max`: distinct paths differ in one of 256 bits.
Hash subtree_hash(std::span<const Leaf> leaves, unsigned depth) {
  if (leaves.empty()) return empty_hash;
  if (leaves.size() == 1) return leaf_hash(leaves[0].path, leaves[0].value_hash);
  XL_CHECK(depth < depth_max);
  const auto [left, right] = split(leaves, depth);
  return inner_hash(subtree_hash(left, depth + 1), subtree_hash(right, depth + 1));
}

void check_sorted(std::span<const Leaf> leaves) {
  const auto out_of_order = [](const Leaf& a, const Leaf& b) { return a.path >= b.path; };
  XL_CHECK(std::adjacent_find(leaves.begin(), leaves.end(), out_of_order) == leaves.end());
}

/// Root that follows from `node` standing at the end of `siblings` on the way to `path`.
Hash climb(Hash node, const std::vector<Hash>& siblings, const Hash& path) {
  for (auto depth = static_cast<unsigned>(siblings.size()); depth > 0; --depth) {
    const Hash& sibling = siblings[depth - 1];
    node = bit(path, depth - 1) ? inner_hash(sibling, node) : inner_hash(node, sibling);
  }
  return node;
}

bool same_prefix(const Hash& a, const Hash& b, unsigned bits) {
  for (unsigned depth = 0; depth < bits; ++depth) {
    if (bit(a, depth) != bit(b, depth)) return false;
  }
  return true;
}

}  // namespace

Hash leaf_hash(const Hash& path, const Hash& value_hash) {
  return sha256({leaf_prefix, path, value_hash});
}

Hash inner_hash(const Hash& left, const Hash& right) { return sha256({inner_prefix, left, right}); }

bool bit(const Hash& path, unsigned depth) {
  XL_CHECK(depth < depth_max);
  return (path[depth / 8] >> (7 - depth % 8) & 1) != 0;
}

bool verify_inclusion(const Proof& proof, const Hash& path, const Hash& value_hash,
                      const Hash& root) {
  if (proof.siblings.size() > depth_max) return false;
  if (proof.leaf != Leaf{path, value_hash}) return false;
  return climb(leaf_hash(path, value_hash), proof.siblings, path) == root;
}

bool verify_absence(const Proof& proof, const Hash& path, const Hash& root) {
  if (proof.siblings.size() > depth_max) return false;
  if (!proof.leaf) return climb(empty_hash, proof.siblings, path) == root;
  // Another leaf holds the subtree alone: it must be another path, and stand on the way to `path`.
  if (proof.leaf->path == path) return false;
  if (!same_prefix(proof.leaf->path, path, static_cast<unsigned>(proof.siblings.size()))) {
    return false;
  }
  return climb(leaf_hash(proof.leaf->path, proof.leaf->value_hash), proof.siblings, path) == root;
}

Hash root_of(std::span<const Leaf> leaves) { return subtree_root_of(leaves, 0); }

Hash subtree_root_of(std::span<const Leaf> leaves, unsigned depth) {
  check_sorted(leaves);
  return subtree_hash(leaves, depth);
}

Proof prove(std::span<const Leaf> leaves, const Hash& path) {
  check_sorted(leaves);
  Proof proof;
  for (unsigned depth = 0; leaves.size() > 1; ++depth) {
    const auto [left, right] = split(leaves, depth);
    const bool goes_right = bit(path, depth);
    proof.siblings.push_back(subtree_hash(goes_right ? left : right, depth + 1));
    leaves = goes_right ? right : left;
  }
  if (!leaves.empty()) proof.leaf = leaves[0];
  return proof;
}

}  // namespace xl::crypto::sparse_merkle
