// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/bytes.h"

namespace xl {

/// Spreads keys over a table. Keys come from outside, so a table that must stay quick takes a seed
/// that nobody outside knows. Never part of anything stored, hashed or ordered.
[[nodiscard]] inline std::uint64_t spread(ByteView key, std::uint64_t seed) {
  // Odd constants without structure (the golden ratio and pi): their product mixes every bit up.
  constexpr std::uint64_t first = 0x9e3779b97f4a7c15;
  constexpr std::uint64_t second = 0x243f6a8885a308d3;
  std::uint64_t hash = seed ^ (key.size() * first);
  const auto mix = [&hash](std::uint64_t word) {
    hash = (hash ^ word) * first;
    hash ^= std::rotr(hash, 29) ^ std::rotr(hash, 47);
    hash *= second;
    hash ^= hash >> 32U;
  };
  std::size_t at = 0;
  for (; at + 8 <= key.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, key.data() + at, 8);
    mix(word);
  }
  std::uint64_t rest = 0;
  if (at < key.size()) std::memcpy(&rest, key.data() + at, key.size() - at);
  mix(rest);
  return hash;
}

/// Finds the numbers of entries by their key, one or two cache lines per look. The entries and
/// their keys live elsewhere; the order of the index is never shown. Not thread-safe.
class KeyIndex {
 public:
  static constexpr std::uint32_t none = UINT32_MAX;

  /// The number of the entry whose key is `key`, or `none`. `hash` is `spread` of it; `key_at`
  /// gives the key of a number.
  template <typename KeyAt>
  [[nodiscard]] std::uint32_t find(ByteView key, std::uint64_t hash, const KeyAt& key_at) const {
    if (slots_.empty()) return none;
    const auto tag = static_cast<std::uint32_t>(hash);
    for (std::uint32_t at = tag & mask_;; at = (at + 1) & mask_) {
      const Slot& slot = slots_[at];
      if (slot.number == none) return none;
      if (slot.tag == tag && equal(key_at(slot.number), key)) return slot.number;
    }
  }

  /// Adds an entry. Precondition: its key is not there yet, `number` is not `none`.
  void insert(std::uint64_t hash, std::uint32_t number) {
    if ((size_ + 1) * 2 > slots_.size()) grow();
    place({static_cast<std::uint32_t>(hash), number});
    ++size_;
  }

 private:
  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t number = none;
  };

  void place(Slot slot) {
    std::uint32_t at = slot.tag & mask_;
    while (slots_[at].number != none) at = (at + 1) & mask_;
    slots_[at] = slot;
  }

  void grow() {
    const std::vector<Slot> old = std::move(slots_);
    slots_.assign(old.empty() ? 64 : old.size() * 2, Slot{});
    mask_ = static_cast<std::uint32_t>(slots_.size() - 1);
    for (const Slot& slot : old) {
      if (slot.number != none) place(slot);
    }
  }

  std::vector<Slot> slots_;  // a power of two, at most half full
  std::uint32_t mask_ = 0;
  std::size_t size_ = 0;
};

}  // namespace xl
