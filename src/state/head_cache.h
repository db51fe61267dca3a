// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>
#include <vector>

#include "base/byte_arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/key_index.h"

namespace xl::state {

/// What the executing thread knows of single state keys: their path in the tree and their value,
/// absence included. One look answers what would take a walk of the tree and a read of the disk.
/// Two generations approximate least-recently-used; whatever is not on disk yet is never forgotten.
/// Not thread-safe.
class HeadCache {
 public:
  struct Known {
    ByteView key;
    std::optional<ByteView> value;  ///< none: the key is absent
    Hash path{};
    std::uint64_t height = 0;  ///< block that wrote it last; 0 when it was read from disk
  };

  /// A generation ends at `entries_max` keys or `bytes_max` bytes of keys and values.
  HeadCache(std::size_t entries_max, std::size_t bytes_max, std::uint64_t seed)
      : entries_max_(entries_max), bytes_max_(bytes_max), seed_(seed) {}

  /// What is known of `key`, or null. Valid until the next call of any method but `set`.
  [[nodiscard]] Known* find(ByteView key) {
    const std::uint64_t hash = spread(key, seed_);
    std::uint32_t number = young_.find(key, hash);
    if (number != KeyIndex::none) return &young_.entries[number].known;
    number = old_.find(key, hash);
    if (number == KeyIndex::none || old_.entries[number].moved) return nullptr;
    old_.entries[number].moved = true;
    return &young_.add(old_.entries[number].known, hash);
  }

  /// Remembers a key that `find` did not know, as read from disk. Valid as what `find` gives.
  Known* add(ByteView key, const Hash& path, std::optional<ByteView> value) {
    return &young_.add({key, value, path, 0}, spread(key, seed_));
  }

  /// Brings a key up to date. `known` is what `find` or `add` gave last.
  void set(Known& known, std::optional<ByteView> value, std::uint64_t height) {
    known.value = value ? std::optional(young_.arena.add(*value)) : std::nullopt;
    known.height = height;
  }

  /// Ends a generation that is full. Called between blocks, so one holds its bound and a block.
  void trim(std::uint64_t durable_height) {
    if (young_.entries.size() < entries_max_ && young_.arena.used() < bytes_max_) return;
    const Generation gone = std::move(old_);
    old_ = std::move(young_);
    young_ = Generation();
    for (const Entry& entry : gone.entries) {
      const bool pending = !entry.moved && entry.known.height > durable_height;
      if (pending) young_.add(entry.known, spread(entry.known.key, seed_));
    }
  }

 private:
  struct Entry {
    Known known;
    bool moved = false;  ///< lives on in the young generation
  };

  struct Generation {
    ByteArena arena;
    std::vector<Entry> entries;
    KeyIndex index;

    [[nodiscard]] std::uint32_t find(ByteView key, std::uint64_t hash) const {
      return index.find(key, hash, [this](std::uint32_t at) { return entries[at].known.key; });
    }
    Known& add(const Known& known, std::uint64_t hash) {
      Entry entry{known, false};
      entry.known.key = arena.add(known.key);
      if (known.value) entry.known.value = arena.add(*known.value);
      index.insert(hash, static_cast<std::uint32_t>(entries.size()));
      entries.push_back(entry);
      return entries.back().known;
    }
  };

  std::size_t entries_max_;
  std::size_t bytes_max_;
  std::uint64_t seed_;
  Generation young_;
  Generation old_;
};

}  // namespace xl::state
