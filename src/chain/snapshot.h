// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/comet/light_client.h"
#include "model/genesis.h"

/// The parts of a snapshot (docs/reference/formats-snapshot.md). Pure, thread-safe.
namespace xl::chain::snapshot {

/// The number of this layout among those a member may offer.
constexpr std::uint32_t format = 1;
constexpr std::uint32_t depth_max = 16;
constexpr std::size_t chunk_bytes_max = 4U << 20U;
/// 2^16 subtrees of 38 bytes, and room for the rest.
constexpr std::size_t manifest_bytes_max = 3U << 20U;
/// Enough for 100 changes of a set of 100 validators.
constexpr std::size_t way_bytes_max = 4U << 20U;

/// One key of the state.
struct Leaf {
  Hash path{};
  Bytes key;
  Bytes value;
};

/// A part of the state tree at some depth.
struct Subtree {
  std::uint32_t kind = 0;  ///< 0 no leaf, 1 one leaf, 2 more
  Hash hash{};
  bool operator==(const Subtree&) const = default;
};

/// What the chunks are, and how they lead to the app hash.
struct Manifest {
  Hash network{};
  std::uint64_t height = 0;
  std::uint32_t depth = 0;
  std::vector<Subtree> subtrees;  ///< 2^depth
  std::uint64_t history_size = 0;
  std::vector<std::vector<Hash>> history;  ///< the open tile of each tile level, lowest first

  /// Chunks to ask for: the way, and one for each subtree.
  [[nodiscard]] std::uint32_t chunk_count() const { return (1U << depth) + 1; }
  [[nodiscard]] Hash state_root() const;
  [[nodiscard]] Hash history_root() const;
  /// What the header behind `height` must carry.
  [[nodiscard]] Hash app_hash() const;
};

/// Canonical bytes: what a member offers.
[[nodiscard]] Bytes encode_manifest(const Manifest& manifest);
/// Errors: snapshot_invalid (over a bound, not canonical, of a version other than 1).
[[nodiscard]] Result<Manifest> decode_manifest(ByteView bytes);

/// The subtree over `leaves`, which are sorted by path and agree in their first `depth` bits.
[[nodiscard]] Subtree subtree_of(std::span<const Leaf> leaves, std::uint32_t depth);

/// Canonical bytes of the leaves under one prefix, sorted by path.
[[nodiscard]] Bytes encode_chunk(std::span<const Leaf> leaves);
/// The leaves of chunk `number` + 1. Errors: snapshot_invalid (bounds, order, another prefix, not
/// the manifest's subtree).
[[nodiscard]] Result<std::vector<Leaf>> decode_chunk(ByteView bytes, const Manifest& manifest,
                                                     std::uint32_t number);

/// How the header that carries the app hash is known to be the network's.
struct Way {
  std::vector<model::comet::LightBlock> steps;  ///< from the genesis; that header last, never empty
  model::comet::ValidatorSet next_validators;   ///< of the height behind it
};
/// Canonical bytes: chunk 0.
[[nodiscard]] Bytes encode_way(const Way& way);
/// Errors: snapshot_invalid (bounds, form; not signed from the genesis on; another app hash or
/// height than the manifest's).
[[nodiscard]] Result<Way> decode_way(ByteView bytes, const Manifest& manifest,
                                     const model::Genesis& genesis);

}  // namespace xl::chain::snapshot
