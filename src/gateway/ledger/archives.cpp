// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/ledger/archives.h"

namespace xl::gateway::ledger {

namespace governance = contracts::governance;

std::optional<governance::Member> own_member(const Services& services) {
  const auto state = services.ledger.state();
  for (const auto& organisation : services.custody.organisations()) {
    auto record = governance::find_member(*state, organisation->did());
    if (record && governance::is_present(*record)) return {{organisation->did(), *record}};
  }
  return std::nullopt;
}

std::vector<std::string> archives_for(const Services& services, ErrorCode code) {
  const bool forgotten =
      code == ErrorCode::block_not_kept ||
      (code == ErrorCode::transaction_unknown && services.ledger.first_height() > 1);
  std::vector<std::string> out;
  if (!forgotten) return out;
  for (const governance::Member& member : governance::members_of(*services.ledger.state())) {
    if (!governance::is_present(member.record) || !member.record.archive() ||
        member.record.gateway().empty() || services.custody.find(member.id) != nullptr) {
      continue;
    }
    out.push_back(member.record.gateway());
  }
  return out;
}

}  // namespace xl::gateway::ledger
