// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

#include "chain/chain.h"
#include "chain/snapshot.h"

namespace xl::chain {

/// At multiples of `every`, and on the way to the first one at 10, 100, 1,000 …: a young ledger has
/// a snapshot too.
[[nodiscard]] bool is_snapshot_height(std::uint64_t height, std::uint64_t every);

/// Makes snapshots while the ledger goes on, and gives them out. All members make them at the same
/// heights and byte for byte alike, so that chunks of one come from any. Thread-safe.
class SnapshotMaker {
 public:
  struct Options {
    std::filesystem::path folder;         ///< `<height>/manifest` and `<height>/chunk-<number>`
    std::uint64_t every_blocks = 10'000;  ///< see `is_snapshot_height`
    std::size_t kept = 2;                 ///< the newest
    std::size_t memory_bytes = 256U << 20U;
    /// Told what became of each attempt, on the maker's thread. May be empty.
    std::function<void(std::uint64_t height, const Status& made)> done;
  };
  struct Made {
    std::uint64_t height = 0;
    std::uint32_t chunks = 0;
    Hash digest{};  ///< SHA-256 of the manifest
    Bytes manifest;
  };

  /// Removes what was not finished. `chain` and `database` outlive it.
  SnapshotMaker(const Chain& chain, const state::Database& database, Options options);
  ~SnapshotMaker();
  SnapshotMaker(const SnapshotMaker&) = delete;
  SnapshotMaker& operator=(const SnapshotMaker&) = delete;

  /// To be called when block `height` is durable and before the next one is written.
  void committed(std::uint64_t height);

  /// What is finished, oldest first.
  [[nodiscard]] std::vector<Made> list() const;
  /// Errors: file_missing, file_unreadable.
  [[nodiscard]] Result<Bytes> chunk(std::uint64_t height, std::uint32_t number) const;

 private:
  struct Wanted {
    std::uint64_t height = 0;
    std::unique_ptr<state::Snapshot> view;
  };
  void run();
  [[nodiscard]] Status make(Wanted wanted);
  [[nodiscard]] Result<snapshot::Way> wait_for_way(std::uint64_t height);
  void drop_old();

  const Chain& chain_;
  const state::Database& database_;
  const Options options_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable wanted_changed_;
  std::optional<Wanted> wanted_;
  bool busy_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace xl::chain
