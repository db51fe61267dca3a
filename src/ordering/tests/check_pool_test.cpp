// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: each piece of a list is worked on exactly once, by a worker that does nothing else at the
// time, and the caller goes on when all of it is done. Method: lists of many sizes, brought by
// several threads at once to pools of several sizes.
#include "ordering/check_pool.h"

#include <gtest/gtest.h>

#include <atomic>

namespace xl::ordering {
namespace {

TEST(CheckPool, EveryPieceIsDoneOnceByAWorkerOfItsOwn) {
  for (const unsigned threads : {0U, 1U, 3U}) {
    CheckPool pool(threads);
    EXPECT_EQ(pool.workers(), threads + 1);
    std::vector<std::atomic<int>> busy(pool.workers());
    std::vector<std::thread> callers;
    std::atomic<int> wrong{0};
    for (int caller = 0; caller < 3; ++caller) {
      callers.emplace_back([&] {
        for (std::size_t count = 0; count < 200; count = count * 2 + 1) {
          std::vector<std::atomic<int>> done(count);
          pool.run(count, [&](std::size_t piece, std::size_t worker) {
            if (busy[worker].fetch_add(1) != 0) ++wrong;
            ++done[piece];
            busy[worker].fetch_sub(1);
          });
          for (const auto& one : done) wrong += one == 1 ? 0 : 1;
        }
      });
    }
    for (std::thread& one : callers) one.join();
    EXPECT_EQ(wrong, 0);
  }
}

}  // namespace
}  // namespace xl::ordering
