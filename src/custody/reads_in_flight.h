// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <utility>

namespace xl::custody {

/// Reads between opening a record and the entry about it in the journal. An erasure waits for those
/// that were under way when it destroyed the keys, so that its list of who was shown the record
/// misses none; reads that begin later hold nobody up and open nothing. Thread-safe.
class ReadsInFlight {
 public:
  /// One read, from before it opens anything until it is journalled.
  class Guard {
   public:
    explicit Guard(ReadsInFlight& reads) : reads_(&reads), phase_(reads.begin()) {}
    Guard(Guard&& other) noexcept
        : reads_(std::exchange(other.reads_, nullptr)), phase_(other.phase_) {}
    Guard& operator=(Guard&&) = delete;
    ~Guard() {
      if (reads_ != nullptr) reads_->end(phase_);
    }

   private:
    ReadsInFlight* reads_;
    std::size_t phase_;
  };

  /// Returns once every read that had begun is journalled or given up. One caller at a time.
  void wait() {
    std::unique_lock lock(mutex_);
    const std::size_t before = std::exchange(phase_, 1 - phase_);
    ended_.wait(lock, [&] { return under_way_[before] == 0; });
  }

 private:
  std::size_t begin() {
    const std::scoped_lock lock(mutex_);
    ++under_way_[phase_];
    return phase_;
  }
  void end(std::size_t phase) {
    {
      const std::scoped_lock lock(mutex_);
      --under_way_[phase];
    }
    ended_.notify_all();
  }

  std::mutex mutex_;  // guards what follows
  std::condition_variable ended_;
  std::array<std::uint64_t, 2> under_way_{};  // by the phase in which they began
  std::size_t phase_ = 0;
};

}  // namespace xl::custody
