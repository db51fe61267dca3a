// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "chain/chain.h"

namespace xl::node {

/// Forgets blocks beyond those to be kept, on a thread of its own while the ledger goes on. What
/// the ledger lists this member for comes first: an archive forgets nothing, whatever its settings
/// say.
class Forgetting {
 public:
  /// `keep_blocks`: how many stay below the last one. `is_archive` is asked on its thread. The
  /// references, and what `is_archive` reads, outlive it.
  Forgetting(chain::Chain& chain, std::uint64_t keep_blocks, std::function<bool()> is_archive,
             const Log& log);
  ~Forgetting();
  Forgetting(const Forgetting&) = delete;
  Forgetting& operator=(const Forgetting&) = delete;

 private:
  void run();
  /// Forgets what is due now, as far as it is not told to stop.
  [[nodiscard]] Status forget();
  [[nodiscard]] bool stopping() const;

  chain::Chain& chain_;
  const std::uint64_t keep_blocks_;
  const std::function<bool()> is_archive_;
  bool held_ = false;  // its thread only: the role was told of
  const Log& log_;
  mutable std::mutex mutex_;  // guards stopping_
  std::condition_variable stopped_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace xl::node
