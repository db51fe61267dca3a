// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace xl {

/// Keeps copies of many short byte strings side by side and frees them together: a hundredth of
/// the cost of one allocation each. What it hands out stays in place until the arena ends, also
/// when the arena is moved. Not thread-safe.
class ByteArena {
 public:
  ByteArena() = default;
  ByteArena(ByteArena&& other) noexcept { *this = std::move(other); }
  ByteArena& operator=(ByteArena&& other) noexcept {
    chunks_ = std::exchange(other.chunks_, {});
    next_ = std::exchange(other.next_, nullptr);
    left_ = std::exchange(other.left_, 0);
    used_ = std::exchange(other.used_, 0);
    return *this;
  }

  /// Copies `bytes` into the arena. The view lives as long as the arena.
  [[nodiscard]] ByteView add(ByteView bytes) {
    if (bytes.size() > left_) grow(bytes.size());
    if (!bytes.empty()) std::memcpy(next_, bytes.data(), bytes.size());
    const ByteView copy{next_, bytes.size()};
    next_ += bytes.size();
    left_ -= bytes.size();
    used_ += bytes.size();
    return copy;
  }

  /// Bytes handed out so far.
  [[nodiscard]] std::size_t used() const { return used_; }

 private:
  static constexpr std::size_t chunk_bytes_min = 1024;
  static constexpr std::size_t chunk_bytes_max = 1U << 20U;

  void grow(std::size_t wanted) {
    const std::size_t size = std::max(wanted, std::clamp(used_, chunk_bytes_min, chunk_bytes_max));
    chunks_.push_back(std::make_unique_for_overwrite<std::uint8_t[]>(size));
    next_ = chunks_.back().get();
    left_ = size;
  }

  std::vector<std::unique_ptr<std::uint8_t[]>> chunks_;
  std::uint8_t* next_ = nullptr;
  std::size_t left_ = 0;
  std::size_t used_ = 0;
};

}  // namespace xl
