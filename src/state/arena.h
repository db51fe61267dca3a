// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/check.h"

namespace xl::state {

/// Keeps values of one trivially copyable type in blocks that never move, named by small numbers,
/// and reuses removed ones. Not thread-safe.
template <typename Value>
class Arena {
 public:
  /// Adds a value and returns its number, at most 2^31 - 1.
  [[nodiscard]] std::uint32_t add(const Value& value) {
    ++live_;
    if (!free_.empty()) {
      const std::uint32_t index = free_.back();
      free_.pop_back();
      at(index) = value;
      return index;
    }
    XL_CHECK(used_ < 0x80000000U);
    if (used_ % block_size == 0) blocks_.push_back(std::make_unique<Value[]>(block_size));
    at(used_) = value;
    return used_++;
  }

  void remove(std::uint32_t index) {
    free_.push_back(index);
    --live_;
  }

  [[nodiscard]] Value& at(std::uint32_t index) {
    return blocks_[index / block_size][index % block_size];
  }
  [[nodiscard]] const Value& at(std::uint32_t index) const {
    return blocks_[index / block_size][index % block_size];
  }

  [[nodiscard]] std::uint64_t live() const { return live_; }
  [[nodiscard]] std::uint64_t memory_bytes() const {
    return blocks_.size() * block_size * sizeof(Value) + free_.capacity() * sizeof(std::uint32_t);
  }

 private:
  static constexpr std::uint32_t block_size = 1U << 14U;

  std::vector<std::unique_ptr<Value[]>> blocks_;
  std::vector<std::uint32_t> free_;
  std::uint32_t used_ = 0;
  std::uint64_t live_ = 0;
};

}  // namespace xl::state
