// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: an erasure's list of who was shown a record misses no read that opened it before. Method:
// reads that begin before, during and after a wait, on threads of their own.
#include "custody/reads_in_flight.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

namespace xl::custody {
namespace {

TEST(ReadsInFlight, AWaitEndsWithTheReadsThatBeganBeforeItAndHoldsUpNoOther) {
  ReadsInFlight reads;
  reads.wait();  // nothing is under way
  std::optional<ReadsInFlight::Guard> before(reads);
  std::atomic<bool> over{false};
  std::thread waiting([&] {
    reads.wait();
    over = true;
  });
  // Begun while it waits, or just before: these end without it.
  for (int i = 0; i < 1000; ++i) const ReadsInFlight::Guard later(reads);
  EXPECT_FALSE(over);
  before.reset();
  waiting.join();
  EXPECT_TRUE(over);
}

TEST(ReadsInFlight, ReadsWithoutEndDoNotStarveAWait) {
  ReadsInFlight reads;
  std::atomic<bool> stop{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      // Always one under way.
      std::optional<ReadsInFlight::Guard> current(reads);
      while (!stop) {
        std::optional<ReadsInFlight::Guard> next(reads);
        current.reset();
        current.emplace(std::move(*next));
      }
    });
  }
  for (int i = 0; i < 100; ++i) reads.wait();
  stop = true;
  for (std::thread& one : readers) one.join();
}

}  // namespace
}  // namespace xl::custody
