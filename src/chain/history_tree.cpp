// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "chain/history_tree.h"

#include <algorithm>

namespace xl::chain {
namespace {

namespace merkle = crypto::merkle;

constexpr unsigned tile_height = 6;
constexpr std::uint64_t tile_width = 1U << tile_height;  // on disk: never change
constexpr std::size_t tile_levels_max = 11;              // 6 * 11 levels cover 2^64 leaves

Bytes tile_key(std::size_t tile_level, std::uint64_t tile) {
  Bytes key{static_cast<std::uint8_t>(tile_level)};
  append_be(key, tile);
  return key;
}

Bytes encode_tile(const std::vector<Hash>& hashes) {
  Bytes out;
  out.reserve(hashes.size() * sizeof(Hash));
  for (const Hash& hash : hashes) append(out, hash);
  return out;
}

std::vector<Hash> decode_tile(ByteView bytes) {
  std::vector<Hash> out(bytes.size() / sizeof(Hash));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const ByteView hash = bytes.subspan(i * sizeof(Hash), sizeof(Hash));
    std::copy(hash.begin(), hash.end(), out[i].begin());
  }
  return out;
}

/// Root of a run of a power of two of hashes that are perfect subtrees themselves.
Hash perfect_root(std::vector<Hash> hashes) {
  while (hashes.size() > 1) {
    for (std::size_t i = 0; i < hashes.size() / 2; ++i) {
      hashes[i] = merkle::inner_hash(hashes[2 * i], hashes[2 * i + 1]);
    }
    hashes.resize(hashes.size() / 2);
  }
  return hashes[0];
}

}  // namespace

bool HistoryNodes::node(unsigned level, std::uint64_t index, Hash& out) const {
  const std::size_t tile_level = level / tile_height;
  const std::uint64_t width = 1ULL << (level % tile_height);
  const std::uint64_t first = index * width;  // position among the hashes of that tile level
  Bytes bytes;
  const auto found =
      database_.get(state::Column::history, tile_key(tile_level, first / tile_width), bytes);
  if (!found.ok() || !*found) return false;
  const std::vector<Hash> tile = decode_tile(bytes);
  const std::uint64_t offset = first % tile_width;
  if (offset + width > tile.size()) return false;
  const auto begin = tile.begin() + static_cast<std::ptrdiff_t>(offset);
  out = perfect_root({begin, begin + static_cast<std::ptrdiff_t>(width)});
  return true;
}

Result<HistoryTree> HistoryTree::open(state::Database& database, std::uint64_t size) {
  HistoryTree tree;
  const HistoryNodes nodes(database);
  std::vector<Hash> roots;
  std::uint64_t done = 0;
  for (int level = 63; level >= 0; --level) {
    if ((size >> level & 1U) == 0) continue;
    Hash root{};
    if (!nodes.node(static_cast<unsigned>(level), done >> level, root)) {
      return make_error(ErrorCode::store_corrupt, "history tree");
    }
    roots.push_back(root);
    done += 1ULL << level;
  }
  tree.frontier_ = merkle::Frontier(size, std::move(roots));
  for (std::size_t level = 0; level < tile_levels_max; ++level) {
    const std::uint64_t count = size >> (level * tile_height);
    if (count == 0) break;
    OpenTile open;
    if (count % tile_width != 0) {
      Bytes bytes;
      XL_TRY_ASSIGN(const bool found, database.get(state::Column::history,
                                                   tile_key(level, count / tile_width), bytes));
      open.hashes = decode_tile(bytes);
      if (!found || open.hashes.size() != count % tile_width) {
        return make_error(ErrorCode::store_corrupt, "history tile");
      }
    }
    tree.open_.push_back(std::move(open));
    tree.counts_.push_back(count);
  }
  return tree;
}

std::vector<std::size_t> HistoryTree::tile_counts(std::uint64_t size) {
  std::vector<std::size_t> out;
  for (; size != 0; size >>= tile_height) out.push_back(size % tile_width);
  return out;
}

Result<std::vector<std::vector<Hash>>> HistoryTree::open_tiles(const state::Database& database,
                                                               std::uint64_t size,
                                                               const state::Snapshot* snapshot) {
  std::vector<std::vector<Hash>> out;
  for (const std::size_t count : tile_counts(size)) {
    auto& tile = out.emplace_back();
    if (count == 0) continue;
    const std::size_t level = out.size() - 1;
    const std::uint64_t number = (size >> (level * tile_height)) / tile_width;
    Bytes bytes;
    XL_TRY_ASSIGN(const bool found,
                  database.get(state::Column::history, tile_key(level, number), bytes, snapshot));
    tile = decode_tile(bytes);
    if (!found || tile.size() < count) return make_error(ErrorCode::store_corrupt, "history tile");
    tile.resize(count);
  }
  return out;
}

Hash HistoryTree::root_of_tiles(std::uint64_t size, const std::vector<std::vector<Hash>>& tiles) {
  std::vector<Hash> roots;  // of the perfect subtrees, largest first
  for (std::size_t level = tiles.size(); level-- > 0;) {
    const std::vector<Hash>& tile = tiles[level];
    std::size_t done = 0;
    for (std::size_t width = tile_width / 2; width > 0; width /= 2) {
      if ((tile.size() & width) == 0) continue;
      const auto begin = tile.begin() + static_cast<std::ptrdiff_t>(done);
      roots.push_back(perfect_root({begin, begin + static_cast<std::ptrdiff_t>(width)}));
      done += width;
    }
  }
  return merkle::Frontier(size, std::move(roots)).root();
}

void HistoryTree::put_tiles(std::uint64_t size, const std::vector<std::vector<Hash>>& tiles,
                            state::Batch& batch) {
  for (std::size_t level = 0; level < tiles.size(); ++level) {
    if (tiles[level].empty()) continue;
    const std::uint64_t number = (size >> (level * tile_height)) / tile_width;
    batch.put(state::Column::history, tile_key(level, number), encode_tile(tiles[level]));
  }
}

void HistoryTree::append(const Hash& leaf) {
  frontier_.append(leaf);
  append_at(0, leaf);
}

void HistoryTree::append_at(std::size_t tile_level, const Hash& hash) {
  for (Hash carried = hash;; ++tile_level) {
    if (open_.size() <= tile_level) {
      open_.emplace_back();
      counts_.push_back(0);
    }
    OpenTile& tile = open_[tile_level];
    tile.hashes.push_back(carried);
    tile.dirty = true;
    ++counts_[tile_level];
    if (tile.hashes.size() < tile_width) return;
    carried = perfect_root(tile.hashes);
    tile.full.push_back(std::move(tile.hashes));
    tile.hashes.clear();
  }
}

void HistoryTree::flush(state::Batch& batch) {
  for (std::size_t level = 0; level < open_.size(); ++level) {
    OpenTile& tile = open_[level];
    if (!tile.dirty) continue;
    const std::uint64_t open_number = counts_[level] / tile_width;
    std::uint64_t number = open_number - tile.full.size();
    for (const auto& full : tile.full) {
      batch.put(state::Column::history, tile_key(level, number++), encode_tile(full));
    }
    if (!tile.hashes.empty()) {
      batch.put(state::Column::history, tile_key(level, open_number), encode_tile(tile.hashes));
    }
    tile.full.clear();
    tile.dirty = false;
  }
}

}  // namespace xl::chain
