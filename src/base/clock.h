// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <atomic>
#include <cstdint>

namespace xl {

/// Wall-clock time. Everything that needs the time is handed one of these; nothing that decides
/// what the ledger holds may ask it (block time is in the block).
class Clock {
 public:
  virtual ~Clock() = default;
  /// Milliseconds since 1970-01-01T00:00:00Z, leap seconds ignored. Thread-safe.
  [[nodiscard]] virtual std::uint64_t now_ms() const = 0;
};

/// The machine's clock.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] std::uint64_t now_ms() const override;
};

/// A clock that tests move by hand. Thread-safe.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(std::uint64_t start_ms) : now_ms_(start_ms) {}
  [[nodiscard]] std::uint64_t now_ms() const override { return now_ms_.load(); }
  void set_ms(std::uint64_t now_ms) { now_ms_.store(now_ms); }
  void advance_ms(std::uint64_t by_ms) { now_ms_.fetch_add(by_ms); }

 private:
  std::atomic<std::uint64_t> now_ms_;
};

}  // namespace xl
