// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/bytes.h"

namespace xl::state {

/// The newest values of state keys, for the thread that executes: writes of blocks that are not on
/// disk yet are found here and nowhere else, so an entry may only be dropped once its height is
/// durable. Two generations approximate least-recently-used at the cost of one hash lookup.
/// Not thread-safe.
class ValueCache {
 public:
  /// `entries_max` is the size of one generation.
  explicit ValueCache(std::size_t entries_max) : entries_max_(entries_max) {}

  struct Entry {
    std::optional<Bytes> value;  ///< nothing: known to be absent
    std::uint64_t height = 0;    ///< of the block that wrote it; 0: as on disk
  };

  /// The entry of `key`, or null when nothing is known.
  [[nodiscard]] const Entry* find(ByteView key) {
    const std::string name(text_of(key));
    const auto young = young_.find(name);
    if (young != young_.end()) return &young->second;
    const auto old = old_.find(name);
    if (old == old_.end()) return nullptr;
    const auto moved = young_.insert_or_assign(name, std::move(old->second)).first;
    old_.erase(old);
    return &moved->second;
  }

  void put(ByteView key, Entry entry, std::uint64_t durable_height) {
    std::string name(text_of(key));
    old_.erase(name);
    young_.insert_or_assign(std::move(name), std::move(entry));
    if (young_.size() >= entries_max_) rotate(durable_height);
  }

 private:
  void rotate(std::uint64_t durable_height) {
    std::unordered_map<std::string, Entry> kept;
    for (auto& [key, entry] : old_) {
      if (entry.height > durable_height) kept.emplace(key, std::move(entry));
    }
    old_ = std::move(young_);
    young_ = std::move(kept);
  }

  std::size_t entries_max_;
  std::unordered_map<std::string, Entry> young_;
  std::unordered_map<std::string, Entry> old_;
};

}  // namespace xl::state
