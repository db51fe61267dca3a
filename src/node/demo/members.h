// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "node/init.h"
#include "ordering/cometbft/supervisor.h"

namespace xl::node::demo {

/// Founds a network of `count` members below `folder`, each with its own folder (`member1`, …),
/// keys, node and engine, as founders do it: cards, one genesis, everybody's signature. The first
/// member brings `organisations`, each of the others one. Nothing happens when it is there.
/// Errors: those of the founding; engine_failed (no engine beside this program).
[[nodiscard]] Status found_members(const std::filesystem::path& folder, std::size_t count,
                                   const std::vector<NewOrganisation>& organisations,
                                   const Unlock& unlock, const Clock& clock);

/// The folder of a member, counted from 1.
[[nodiscard]] Layout member_layout(const std::filesystem::path& folder, std::size_t member);

/// Runs members as processes of their own, each `xinglin node run` with its engine.
class Members {
 public:
  /// Starts members `first`..`last`. `operator_key` is the file that opens their keys. Errors:
  /// those of the supervisor.
  [[nodiscard]] Status start(const std::filesystem::path& folder, std::size_t first,
                             std::size_t last, const std::filesystem::path& operator_key);

 private:
  std::vector<std::unique_ptr<ordering::cometbft::Supervisor>> running_;
};

}  // namespace xl::node::demo
