// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "base/byte_arena.h"
#include "base/key_index.h"
#include "model/kv.h"

namespace xl::model {

/// The state that the transactions of one block share: the block's writes, and what was read below
/// them, so that a key is asked of the store once per block. Reads below must not change while it
/// lives. Found by a seeded table, shown only in key order: the seed changes the speed, never a
/// result. Not thread-safe.
class BlockState final : public StateWriter {
 public:
  BlockState(const StateReader& below, std::uint64_t seed) : below_(below), seed_(seed) {}
  BlockState(const BlockState&) = delete;
  BlockState& operator=(const BlockState&) = delete;

  [[nodiscard]] bool get(ByteView key, Bytes& value) const override;
  [[nodiscard]] bool view(ByteView key, const std::function<void(ByteView)>& use) const override;
  void scan(ByteView prefix, ByteView from, std::uint32_t count_max,
            const std::function<bool(ByteView, ByteView)>& visit) const override;
  void put(ByteView key, ByteView value) override;
  void erase(ByteView key) override;

  /// Adds the writes of a transaction.
  void absorb(const WriteSet& writes);
  /// The block's writes; this is then empty. Cost: a sort.
  [[nodiscard]] WriteSet take_writes();

 private:
  struct Entry {
    ByteView key;
    std::optional<ByteView> value;
    bool written = false;
  };
  class Cursor;

  [[nodiscard]] const Entry* find(ByteView key) const;
  void write(ByteView key, std::optional<ByteView> value);
  void remember(ByteView key, std::optional<ByteView> value) const;

  const StateReader& below_;
  std::uint64_t seed_;
  // What was read is remembered, which changes nothing that anyone can see.
  mutable ByteArena arena_;
  mutable std::vector<Entry> entries_;
  mutable KeyIndex index_;
  mutable std::size_t read_bytes_ = 0;
  /// Written keys in order, kept from the first scan on: most blocks never need it.
  mutable std::optional<std::map<ByteView, std::uint32_t, KeyLess>> ordered_;
};

}  // namespace xl::model
