// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "crypto/merkle.h"

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "crypto/hash.h"

namespace xl::crypto::merkle {
namespace {

constexpr std::uint8_t leaf_prefix[] = {0x00};  // RFC 9162 §2.1.1: a leaf is never an inner node
constexpr std::uint8_t inner_prefix[] = {0x01};

bool is_odd(std::uint64_t number) { return (number & 1) != 0; }

/// Joins the roots of adjacent perfect subtrees, largest first, into the root over all of them.
Hash join_right_to_left(std::span<const Hash> roots) {
  Hash joined = roots.back();
  for (std::size_t i = roots.size() - 1; i > 0; --i) joined = inner_hash(roots[i - 1], joined);
  return joined;
}

/// Root over the leaves [start, start + count). `start` is a multiple of the largest power of two
/// that is not above `count`, as it is wherever RFC 9162 splits a tree.
bool range_root(const NodeReader& nodes, std::uint64_t start, std::uint64_t count, Hash& out) {
  std::vector<Hash> roots;
  while (count > 0) {
    const auto level = static_cast<unsigned>(std::bit_width(count) - 1);
    Hash root{};
    if (!nodes.node(level, start >> level, root)) return false;
    roots.push_back(root);
    start += std::uint64_t{1} << level;
    count -= std::uint64_t{1} << level;
  }
  out = join_right_to_left(roots);
  return true;
}

}  // namespace

Hash leaf_hash(ByteView leaf) { return sha256({leaf_prefix, leaf}); }

Hash inner_hash(const Hash& left, const Hash& right) { return sha256({inner_prefix, left, right}); }

Hash empty_root() { return sha256(ByteView{}); }

Hash root_of_leaf_hashes(std::span<const Hash> leaf_hashes) {
  Frontier frontier;
  for (const Hash& leaf : leaf_hashes) frontier.append(leaf);
  return frontier.root();
}

Hash root_of(std::span<const Bytes> leaves) {
  Frontier frontier;
  for (const Bytes& leaf : leaves) frontier.append(leaf_hash(leaf));
  return frontier.root();
}

std::vector<Hash> inclusion_path(std::span<const Hash> leaf_hashes, std::uint64_t index) {
  XL_CHECK(index < leaf_hashes.size());
  std::vector<Hash> path;
  std::vector<Hash> level(leaf_hashes.begin(), leaf_hashes.end());
  while (level.size() > 1) {
    const std::uint64_t sibling = index ^ 1;
    if (sibling < level.size()) path.push_back(level[sibling]);
    // A last node without sibling rises unchanged, which gives RFC 9162's split.
    std::vector<Hash> above((level.size() + 1) / 2);
    for (std::size_t i = 0; i < above.size(); ++i) {
      above[i] =
          2 * i + 1 < level.size() ? inner_hash(level[2 * i], level[2 * i + 1]) : level[2 * i];
    }
    level = std::move(above);
    index >>= 1;
  }
  return path;
}

std::optional<Hash> root_of_inclusion(const Hash& leaf, std::uint64_t index, std::uint64_t size,
                                      std::span<const Hash> path) {
  if (index >= size) return std::nullopt;
  std::uint64_t fn = index;
  std::uint64_t sn = size - 1;
  Hash node = leaf;
  for (const Hash& sibling : path) {
    if (sn == 0) return std::nullopt;  // more hashes than levels
    if (is_odd(fn) || fn == sn) {
      node = inner_hash(sibling, node);
      while (fn != 0 && !is_odd(fn)) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      node = inner_hash(node, sibling);
    }
    fn >>= 1;
    sn >>= 1;
  }
  if (sn != 0) return std::nullopt;
  return node;
}

bool verify_inclusion(const Hash& leaf, std::uint64_t index, std::uint64_t size,
                      std::span<const Hash> path, const Hash& root) {
  return root_of_inclusion(leaf, index, size, path) == root;
}

bool verify_consistency(std::uint64_t size1, std::uint64_t size2, const Hash& root1,
                        const Hash& root2, std::span<const Hash> path) {
  if (size1 > size2) return false;
  if (size1 == size2) return path.empty() && root1 == root2;
  if (size1 == 0) return path.empty();
  // When the old tree is perfect, its root is the first node and is not sent.
  const bool perfect = std::has_single_bit(size1);
  if (!perfect && path.empty()) return false;
  const Hash first = perfect ? root1 : path.front();
  if (!perfect) path = path.subspan(1);

  std::uint64_t fn = size1 - 1;
  std::uint64_t sn = size2 - 1;
  while (is_odd(fn)) {
    fn >>= 1;
    sn >>= 1;
  }
  Hash old_root = first;
  Hash new_root = first;
  for (const Hash& node : path) {
    if (sn == 0) return false;
    if (is_odd(fn) || fn == sn) {
      old_root = inner_hash(node, old_root);
      new_root = inner_hash(node, new_root);
      while (fn != 0 && !is_odd(fn)) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      new_root = inner_hash(new_root, node);
    }
    fn >>= 1;
    sn >>= 1;
  }
  return sn == 0 && old_root == root1 && new_root == root2;
}

Frontier::Frontier(std::uint64_t size, std::vector<Hash> roots)
    : size_(size), roots_(std::move(roots)) {
  XL_CHECK(static_cast<std::size_t>(std::popcount(size_)) == roots_.size());
}

void Frontier::append(const Hash& leaf) {
  Hash node = leaf;
  for (std::uint64_t rest = size_; is_odd(rest); rest >>= 1) {
    node = inner_hash(roots_.back(), node);
    roots_.pop_back();
  }
  roots_.push_back(node);
  ++size_;
}

Hash Frontier::root() const { return roots_.empty() ? empty_root() : join_right_to_left(roots_); }

bool inclusion_path(const NodeReader& nodes, std::uint64_t index, std::uint64_t size,
                    std::vector<Hash>& out) {
  XL_CHECK(index < size);
  out.clear();
  for (unsigned level = 0; level < path_length_max && (size - 1) >> level != 0; ++level) {
    const std::uint64_t sibling = (index >> level) ^ 1;
    if (sibling > (size - 1) >> level) continue;  // nothing to the right: the node rises unchanged
    const std::uint64_t start = sibling << level;
    Hash root{};
    if (!range_root(nodes, start, std::min(size - start, std::uint64_t{1} << level), root)) {
      return false;
    }
    out.push_back(root);
  }
  return true;
}

bool consistency_path(const NodeReader& nodes, std::uint64_t size1, std::uint64_t size2,
                      std::vector<Hash>& out) {
  XL_CHECK(size1 > 0);
  XL_CHECK(size1 <= size2);
  out.clear();
  // SUBPROOF of RFC 9162 §2.1.4.1 from the root down; the result is written deepest node first.
  std::uint64_t start = 0;
  std::uint64_t old_count = size1;
  std::uint64_t new_count = size2;
  bool old_root_known = true;
  Hash root{};
  while (old_count != new_count) {
    const std::uint64_t split = std::bit_floor(new_count - 1);
    if (old_count <= split) {
      if (!range_root(nodes, start + split, new_count - split, root)) return false;
      new_count = split;
    } else {
      if (!range_root(nodes, start, split, root)) return false;
      start += split;
      old_count -= split;
      new_count -= split;
      old_root_known = false;
    }
    out.push_back(root);
  }
  if (!old_root_known) {
    if (!range_root(nodes, start, new_count, root)) return false;
    out.push_back(root);
  }
  std::reverse(out.begin(), out.end());
  return true;
}

}  // namespace xl::crypto::merkle
