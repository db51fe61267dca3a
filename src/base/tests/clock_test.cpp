// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: clocks count milliseconds of the Unix epoch. Method: the machine's clock against time(2),
// the manual one moved by hand.
#include "base/clock.h"

#include <gtest/gtest.h>

#include <ctime>

namespace xl {
namespace {

TEST(Clock, SystemClockCountsUnixMilliseconds) {
  const SystemClock clock;
  const auto before = static_cast<std::uint64_t>(std::time(nullptr));
  const std::uint64_t now_ms = clock.now_ms();
  const auto after = static_cast<std::uint64_t>(std::time(nullptr));
  // time(2) may lag the finer clock by one tick.
  EXPECT_GE(now_ms / 1000 + 1, before);
  EXPECT_LE(now_ms / 1000, after + 1);
}

TEST(Clock, ManualClockMovesOnlyByHand) {
  ManualClock clock(1000);
  EXPECT_EQ(clock.now_ms(), 1000U);
  clock.advance_ms(5);
  EXPECT_EQ(clock.now_ms(), 1005U);
  clock.set_ms(3);
  EXPECT_EQ(clock.now_ms(), 3U);
}

}  // namespace
}  // namespace xl
