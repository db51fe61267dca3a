// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <vector>

#include "node/init.h"
#include "ordering/cometbft/supervisor.h"

namespace xl::node::demo {

/// Founds a network of `count` members below `folder`, each with its own folder (`member1`, …),
/// keys, node and engine, as founders do it: cards, one genesis, everybody's signature. The first
/// member brings `organisations`, each of the others one; all are archives and tell their gateways,
/// the first one's at `first_port` unless that is 0. Nothing happens when it is there.
/// Errors: those of the founding; engine_failed (no engine beside this program).
[[nodiscard]] Status found_members(const std::filesystem::path& folder, std::size_t count,
                                   const std::vector<NewOrganisation>& organisations,
                                   std::uint16_t first_port, const Unlock& unlock,
                                   const Clock& clock);

/// Blocks between two snapshots of these members: few, so that a repair soon finds one.
constexpr std::uint64_t demo_snapshot_every = 20;

/// The operator's key of a demo's folder, made on its first run. Errors: those of files and of
/// reading it.
[[nodiscard]] Result<crypto::SecretBytes> demo_operator_key(const std::filesystem::path& folder);

/// The folder of a member, counted from 1.
[[nodiscard]] Layout member_layout(const std::filesystem::path& folder, std::size_t member);

/// Runs members as processes of their own, each `xinglin node run` with its engine.
class Members {
 public:
  /// Starts members `first`..`last`. `operator_key` is the file that opens their keys. Errors:
  /// those of the supervisor.
  [[nodiscard]] Status start(const std::filesystem::path& folder, std::size_t first,
                             std::size_t last, const std::filesystem::path& operator_key);
  /// Ends a member that was started.
  void stop(std::size_t member) { running_.erase(member); }

 private:
  std::map<std::size_t, std::unique_ptr<ordering::cometbft::Supervisor>> running_;
};

}  // namespace xl::node::demo
