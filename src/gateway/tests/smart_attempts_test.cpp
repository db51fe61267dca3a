// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: nobody finds a password by trying, and nobody keeps the one who has it out. Method: the
// counter with a clock of its own.
#include <gtest/gtest.h>

#include "gateway/smart/attempts.h"

namespace xl::gateway::smart {
namespace {

constexpr std::uint64_t start_ms = 1'000'000;

TEST(SmartAttempts, WhoFailsInOnePlaceLocksNobodyOutElsewhere) {
  Attempts attempts;
  for (std::size_t i = 0; i < attempts_per_account_max; ++i) {
    EXPECT_TRUE(attempts.try_password("ada", "192.0.2.1", start_ms).ok()) << i;
  }
  const Status more = attempts.try_password("ada", "192.0.2.1", start_ms);
  EXPECT_EQ(more.error().code, ErrorCode::smart_attempts_exceeded);
  EXPECT_TRUE(attempts.try_password("ada", "192.0.2.2", start_ms).ok());
  EXPECT_TRUE(attempts.try_password("bob", "192.0.2.1", start_ms).ok());
  EXPECT_TRUE(attempts.try_password("ada", "192.0.2.1", start_ms + attempts_window_ms).ok());
}

TEST(SmartAttempts, TheRightPasswordIsNoFailure) {
  Attempts attempts;
  for (std::size_t i = 0; i < 10 * attempts_per_account_max; ++i) {
    ASSERT_TRUE(attempts.try_password("ada", "192.0.2.1", start_ms).ok()) << i;
    attempts.password_was_right("ada", "192.0.2.1", start_ms);
  }
}

TEST(SmartAttempts, AnAddressHasSoManyForAllAccounts) {
  Attempts attempts;
  for (std::size_t i = 0; i < attempts_per_address_max; ++i) {
    EXPECT_TRUE(attempts.try_password("a" + std::to_string(i), "192.0.2.1", start_ms).ok());
  }
  EXPECT_FALSE(attempts.try_password("another", "192.0.2.1", start_ms).ok());
}

TEST(SmartAttempts, GuessingFromEverywhereIsBoundedAndTheRightOneGetsIn) {
  Attempts attempts;
  ASSERT_TRUE(attempts.try_password("ada", "198.51.100.7", start_ms).ok());
  attempts.password_was_right("ada", "198.51.100.7", start_ms);
  std::size_t looked_at = 0;
  // A thousand attempts a second, each from another address, for a whole window.
  for (std::uint64_t ms = 0; ms < attempts_window_ms; ++ms) {
    const std::string address = "10." + std::to_string(ms >> 16U & 255U) + "." +
                                std::to_string(ms >> 8U & 255U) + "." + std::to_string(ms & 255U);
    looked_at += attempts.try_password("ada", address, start_ms + ms).ok() ? 1 : 0;
  }
  EXPECT_EQ(looked_at, attempts_guessed_at + attempts_window_ms / attempts_pause_ms);
  const std::uint64_t end_ms = start_ms + attempts_window_ms - 1;
  // From where they signed in lately at once; from elsewhere as soon as the pause is over.
  EXPECT_TRUE(attempts.try_password("ada", "198.51.100.7", end_ms).ok());
  EXPECT_FALSE(attempts.try_password("ada", "203.0.113.9", end_ms).ok());
  EXPECT_TRUE(attempts.try_password("bob", "203.0.113.9", end_ms).ok());
}

TEST(SmartAttempts, WhileAnAccountIsGuessedAtAnAddressHasTwo) {
  Attempts attempts;
  for (std::size_t i = 0; i < attempts_guessed_at; ++i) {
    ASSERT_TRUE(attempts.try_password("ada", "10.0.0." + std::to_string(i), start_ms).ok());
  }
  std::uint64_t ms = start_ms;
  for (std::size_t i = 0; i < attempts_while_guessed_max; ++i, ms += attempts_pause_ms) {
    EXPECT_TRUE(attempts.try_password("ada", "203.0.113.9", ms).ok());
    EXPECT_FALSE(attempts.try_password("ada", "203.0.113.10", ms + attempts_pause_ms - 1).ok());
  }
  EXPECT_FALSE(attempts.try_password("ada", "203.0.113.9", ms).ok());
  EXPECT_TRUE(attempts.try_password("ada", "203.0.113.10", ms).ok());
}

TEST(SmartAttempts, ANetworkOfIpv6IsOneAddress) {
  EXPECT_EQ(network_of("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(network_of("2001:db8:1:2::1"), network_of("2001:db8:1:2:ffff::9"));
  EXPECT_NE(network_of("2001:db8:1:2::1"), network_of("2001:db8:1:3::1"));
  EXPECT_EQ(network_of("fe80::1%eth0"), network_of("fe80::2%eth1"));
  EXPECT_EQ(network_of("x"), "x");
}

TEST(SmartAttempts, OtherSecretsHaveTheirBound) {
  Attempts attempts;
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(attempts.may_try("code x", 3, start_ms).ok());
    attempts.failed("code x", start_ms);
  }
  EXPECT_FALSE(attempts.may_try("code x", 3, start_ms).ok());
  EXPECT_TRUE(attempts.may_try("code y", 3, start_ms).ok());
  EXPECT_TRUE(attempts.may_try("code x", 3, start_ms + attempts_window_ms).ok());
}

}  // namespace
}  // namespace xl::gateway::smart
