// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/bytes.h"

namespace xl::state {

/// Values of state keys that were read from disk, for the thread that executes. Two generations
/// approximate least-recently-used at the cost of one hash lookup. Not thread-safe.
class ValueCache {
 public:
  /// `entries_max` is the size of one generation.
  explicit ValueCache(std::size_t entries_max) : entries_max_(entries_max) {}

  /// The value of `key`, or null when it is not remembered.
  [[nodiscard]] const Bytes* find(ByteView key) {
    const auto young = young_.find(text_of(key));
    if (young != young_.end()) return &young->second;
    const auto old = old_.find(text_of(key));
    if (old == old_.end()) return nullptr;
    auto node = old_.extract(old);
    return &young_.insert(std::move(node)).position->second;
  }

  /// Remembers a value. Precondition: it is on disk, or is updated before anybody else reads it.
  void put(ByteView key, Bytes value) {
    if (young_.size() >= entries_max_) {
      old_ = std::move(young_);
      young_.clear();
    }
    young_.insert_or_assign(std::string(text_of(key)), std::move(value));
  }

  /// Brings a remembered value up to date; a key that is not remembered stays so.
  void update(ByteView key, const std::optional<Bytes>& value) {
    for (auto* generation : {&young_, &old_}) {
      const auto found = generation->find(text_of(key));
      if (found == generation->end()) continue;
      if (value) {
        found->second = *value;
      } else {
        generation->erase(found);
      }
    }
  }

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  using Map = std::unordered_map<std::string, Bytes, TextHash, std::equal_to<>>;

  std::size_t entries_max_;
  Map young_;
  Map old_;
};

}  // namespace xl::state
