// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace xl::ordering {

/// Threads that share a list of independent pieces of work with whoever brings it. Thread-safe; one
/// list at a time.
class CheckPool {
 public:
  /// Threads beside the caller's; 0: the caller does all of it.
  explicit CheckPool(unsigned threads);
  ~CheckPool();
  CheckPool(const CheckPool&) = delete;
  CheckPool& operator=(const CheckPool&) = delete;

  /// Threads that take part, the caller's among them.
  [[nodiscard]] std::size_t workers() const { return threads_.size() + 1; }

  /// Calls `work(piece, worker)` once for each piece below `count`, in no order, and returns when
  /// all are done. No two calls at once have the same worker, which is below `workers()`.
  void run(std::size_t count, const std::function<void(std::size_t, std::size_t)>& work);

 private:
  void serve(std::size_t worker);
  /// Takes pieces until none is left. The lock is held at entry and exit, not while working.
  void take_pieces(std::unique_lock<std::mutex>& lock, std::size_t worker);

  std::mutex one_list_;  // held while a list is worked on
  std::mutex mutex_;     // guards all below
  std::condition_variable wanted_;
  std::condition_variable finished_;
  const std::function<void(std::size_t, std::size_t)>* work_ = nullptr;  // null: nothing to do
  std::size_t next_ = 0;
  std::size_t count_ = 0;
  std::size_t under_way_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace xl::ordering
