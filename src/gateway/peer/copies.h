// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "gateway/peer/desk.h"

namespace xl::gateway::peer {

/// The owner's side of copies: every body of this node's organisations is kept by some other
/// members too, as ciphertext, so that the loss of a disk loses nothing whose key is left. New ones
/// go there before they are anchored, unless a member does not answer; what is missing there, or
/// here, is brought in the background. Thread-safe.
class Copies {
 public:
  /// Lets new bodies be copied before they are anchored. All outlive it; the custody has not
  /// started.
  Copies(custody::Custody& custody, Desk& desk, CopySettings settings);
  ~Copies() { stop(); }
  Copies(const Copies&) = delete;
  Copies& operator=(const Copies&) = delete;

  /// Brings back the bodies of an organisation whose store of bodies is empty though its keyring is
  /// not: the disk was lost. Before the custody starts, which reads them. `told` gets the number
  /// brought so far. How many are back, and how many nobody has. Errors: those of the stores.
  struct Back {
    std::uint64_t brought = 0;
    std::uint64_t lost = 0;
  };
  [[nodiscard]] Result<Back> bring_back_lost(const std::function<void(std::uint64_t)>& told);

  /// Starts the work in the background.
  void start();
  /// Ends it. Idempotent.
  void stop();

  /// Bodies that fewer members keep than is wanted, as the last walk over all of them found:
  /// shown in the metrics.
  [[nodiscard]] std::uint64_t lacking() const { return lacking_.load(); }

 private:
  /// Where the walk over one organisation's bodies stands.
  struct Walk {
    std::optional<vault::RecordVersion> after;
    std::uint64_t lacking = 0;                                ///< found so far
    std::uint64_t found = 0;                                  ///< by the last whole walk
    std::set<std::pair<model::Id, model::Id>> told_erasures;  // erasure, keeper
  };
  [[nodiscard]] std::vector<model::Id> keepers_of(const model::Id& owner) const;
  [[nodiscard]] std::vector<model::Id> others() const;
  void copy_now(custody::Organisation& owner, std::span<const custody::KeptBody> bodies);
  [[nodiscard]] Status send(custody::Organisation& owner, const model::Id& keeper,
                            std::span<const custody::KeptBody> bodies);
  [[nodiscard]] Result<std::vector<custody::KeptBody>> bring(
      custody::Organisation& owner, std::vector<custody::KeptBody> missing);
  [[nodiscard]] Result<std::vector<custody::KeptBody>> bring_from(
      custody::Organisation& owner, const model::Id& keeper,
      const std::vector<custody::KeptBody>& missing);
  [[nodiscard]] Result<std::uint64_t> fill(custody::Organisation& owner, const model::Id& keeper,
                                           std::span<const custody::KeptBody> bodies);
  [[nodiscard]] Status drop_erased(custody::Organisation& owner, Walk& walk);
  [[nodiscard]] Result<bool> step(custody::Organisation& owner, Walk& walk);
  void walk_over(custody::Organisation& owner, Walk& walk);
  [[nodiscard]] bool is_away(const model::Id& keeper) const;
  void note_away(const model::Id& keeper);
  void work();

  custody::Custody& custody_;
  Desk& desk_;
  CopySettings settings_;
  std::atomic<std::uint64_t> lacking_{0};
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable stopping_;
  std::map<model::Id, std::uint64_t> away_until_ms_;
  bool stop_ = false;
  std::thread worker_;
};

}  // namespace xl::gateway::peer
