// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "ordering/check_pool.h"

#include <algorithm>

namespace xl::ordering {
namespace {

/// Pieces taken at once: a signature takes tens of microseconds, a lock less than one.
constexpr std::size_t pieces_at_once = 8;

}  // namespace

CheckPool::CheckPool(unsigned threads) {
  for (unsigned i = 0; i < threads; ++i) {
    threads_.emplace_back([this, i] { serve(i + 1); });
  }
}

CheckPool::~CheckPool() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wanted_.notify_all();
  for (std::thread& one : threads_) one.join();
}

void CheckPool::take_pieces(std::unique_lock<std::mutex>& lock, std::size_t worker) {
  while (work_ != nullptr && next_ < count_) {
    const std::size_t first = next_;
    const std::size_t last = std::min(first + pieces_at_once, count_);
    next_ = last;
    ++under_way_;
    const auto& work = *work_;
    lock.unlock();
    for (std::size_t i = first; i < last; ++i) work(i, worker);
    lock.lock();
    --under_way_;
  }
}

void CheckPool::serve(std::size_t worker) {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    take_pieces(lock, worker);
    if (under_way_ == 0) finished_.notify_one();
    wanted_.wait(lock, [this] { return stopping_ || (work_ != nullptr && next_ < count_); });
  }
}

void CheckPool::run(std::size_t count, const std::function<void(std::size_t, std::size_t)>& work) {
  const std::scoped_lock one_list(one_list_);
  std::unique_lock lock(mutex_);
  work_ = &work;
  next_ = 0;
  count_ = count;
  if (count > pieces_at_once) wanted_.notify_all();
  take_pieces(lock, 0);
  finished_.wait(lock, [this] { return under_way_ == 0; });
  work_ = nullptr;
}

}  // namespace xl::ordering
