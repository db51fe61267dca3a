// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "contracts/governance/view.h"
#include "gateway/services.h"

namespace xl::gateway::ledger {

/// The member that this node runs for: the organisation hosted here that is one. Nothing where no
/// organisation here is a present member. Thread-safe.
[[nodiscard]] std::optional<contracts::governance::Member> own_member(const Services& services);

/// Gateways of the other present members that say they keep every block, in the order of their ids:
/// whom to ask for what failed here with `code`. Empty unless `code` is block_not_kept, or
/// transaction_unknown at a node that does not keep every block. Thread-safe.
[[nodiscard]] std::vector<std::string> archives_for(const Services& services, ErrorCode code);

}  // namespace xl::gateway::ledger
