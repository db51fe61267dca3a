// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"

namespace xl::gateway::smart {

constexpr std::uint64_t attempts_window_ms = 15 * 60 * 1000;
constexpr std::size_t attempts_per_address_max = 50;  ///< many people share an address
/// Wrong passwords of one account from one address, in a window.
constexpr std::size_t attempts_per_account_max = 5;
/// An account that is guessed at from many addresses: from so many failures in a window on, an
/// address has few, and one password is looked at in so long. That bounds guessing at 200 in a
/// window, from however many addresses, and whoever has the right one still gets in.
constexpr std::size_t attempts_guessed_at = 20;
constexpr std::size_t attempts_while_guessed_max = 2;
constexpr std::uint64_t attempts_pause_ms = 5000;
/// An address from which the account signed in so lately does not wait for those guessing.
constexpr std::uint64_t attempts_trust_ms = 30ULL * 24 * 60 * 60 * 1000;
constexpr std::size_t attempt_keys_max = 50'000;

/// The network that an address stands for when it is counted: itself, of IPv6 the first 64 bits,
/// since whoever has one there has them all. What is no address is itself.
[[nodiscard]] std::string network_of(std::string_view address);

/// Counts failed attempts, so that nobody finds a secret by trying and nobody locks another out.
/// In memory. Thread-safe.
class Attempts {
 public:
  /// May somebody try again? Errors: smart_attempts_exceeded.
  [[nodiscard]] Status may_try(const std::string& key, std::size_t failures_max,
                               std::uint64_t now_ms);
  /// Counts a failure.
  void failed(const std::string& key, std::uint64_t now_ms);

  /// May a password be tried for this account from this address? Counted as failed at once, so that
  /// attempts side by side count too. Errors: smart_attempts_exceeded.
  [[nodiscard]] Status try_password(const std::string& account, std::string_view address,
                                    std::uint64_t now_ms);
  /// It was the right one: takes that failure back.
  void password_was_right(const std::string& account, std::string_view address,
                          std::uint64_t now_ms);

 private:
  struct Count {
    std::size_t failures = 0;
    std::uint64_t until_ms = 0;
    std::uint64_t next_ms = 0;  ///< before which nothing more is looked at, while it is guessed at
  };
  /// What is counted of a key by now; what is refused leaves nothing behind.
  [[nodiscard]] Count count_of(const std::string& key, std::uint64_t now_ms) const;
  Count& count(const std::string& key, std::uint64_t now_ms);
  [[nodiscard]] bool has_room(std::uint64_t now_ms);

  std::mutex mutex_;
  std::map<std::string, Count, std::less<>> counts_;
  std::map<std::string, std::uint64_t, std::less<>> trusted_;  // until when, by account and network
};

}  // namespace xl::gateway::smart
