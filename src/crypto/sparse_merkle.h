// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"

namespace xl::crypto::sparse_merkle {

/// The authenticated map of the ledger's state (`docs/reference/formats.md` §5):
///   empty subtree            = 32 zero bytes
///   subtree with one leaf    = leaf(path, value_hash) = SHA-256(0x02 ‖ path ‖ value_hash)
///   any other subtree        = SHA-256(0x03 ‖ left ‖ right)
/// Bits of `path` are taken from the most significant bit of byte 0; 0 goes left.

constexpr unsigned depth_max = 256;

/// The hash of a subtree without leaves.
constexpr Hash empty_hash{};

/// The hash of a subtree with exactly one leaf.
[[nodiscard]] Hash leaf_hash(const Hash& path, const Hash& value_hash);
/// The hash of a subtree with two leaves or more.
[[nodiscard]] Hash inner_hash(const Hash& left, const Hash& right);
/// Bit `depth` (0..255) of `path`.
[[nodiscard]] bool bit(const Hash& path, unsigned depth);

/// One present path and the digest of its value.
struct Leaf {
  Hash path{};
  Hash value_hash{};
  bool operator==(const Leaf&) const = default;
};

/// Proof about one path: the siblings met from the root down, then what stands at the end: the
/// leaf itself, another leaf that holds the subtree alone (absence), or nothing (absence).
struct Proof {
  std::vector<Hash> siblings;  ///< root first, at most 256; all zero for an empty subtree
  std::optional<Leaf> leaf;    ///< the only leaf of the subtree where the walk ended, if any
};

/// True when `proof` shows that `path` maps to `value_hash` under `root`.
[[nodiscard]] bool verify_inclusion(const Proof& proof, const Hash& path, const Hash& value_hash,
                                    const Hash& root);

/// True when `proof` shows that `path` has no value under `root`.
[[nodiscard]] bool verify_absence(const Proof& proof, const Hash& path, const Hash& root);

/// Root over `leaves`. Precondition: sorted by path, no path twice. Cost: two hashes per leaf.
/// The reference that the incremental tree of `state` is tested against.
[[nodiscard]] Hash root_of(std::span<const Leaf> leaves);

/// The subtree at `depth` (0..256) over `leaves`, which agree in their first `depth` bits; else as
/// `root_of`.
[[nodiscard]] Hash subtree_root_of(std::span<const Leaf> leaves, unsigned depth);

/// Proof for `path` over the same `leaves`. Cost as `root_of`.
[[nodiscard]] Proof prove(std::span<const Leaf> leaves, const Hash& path);

}  // namespace xl::crypto::sparse_merkle
