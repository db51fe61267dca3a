// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>

#include "base/result.h"

namespace xl::node {

/// How much room a disk must have left. Each leaves enough for what is allowed beyond it.
namespace disk_reserve {
/// To start: RocksDB cannot recover from a full disk by itself.
constexpr std::uint64_t start_bytes = 256ULL << 20U;
/// To take new records. Below it people still sign in, read, consent and revoke, which needs the
/// ledger and the journal.
constexpr std::uint64_t records_bytes = 128ULL << 20U;
/// To order anything: room for every block under way and for the stores' own housekeeping, so that
/// no write of the ledger ever meets a full disk.
constexpr std::uint64_t ledger_bytes = 64ULL << 20U;
static_assert(ledger_bytes < records_bytes && records_bytes < start_bytes);
}  // namespace disk_reserve

/// Watches the free space of the file system that holds a folder. Thread-safe.
class DiskWatch {
 public:
  explicit DiskWatch(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Errors: disk_nearly_full (less than `reserve_bytes` are free). Asks the system at most every
  /// 100 ms. A file system that does not tell is taken to have room.
  [[nodiscard]] Status room(std::uint64_t reserve_bytes) const;

 private:
  std::filesystem::path folder_;
  mutable std::atomic<std::uint64_t> asked_ms_{0};
  mutable std::atomic<std::uint64_t> free_bytes_{UINT64_MAX};
};

}  // namespace xl::node
