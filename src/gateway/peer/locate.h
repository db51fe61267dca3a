// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <vector>

#include "contracts/identity/locator.h"
#include "gateway/peer/desk.h"

namespace xl::gateway::peer {

/// What `custodian` keeps for a handle: the places of the locator that its patient left with it.
/// Errors: handle_unknown (also where no locator was left), locator_invalid, those of `Desk::ask`.
[[nodiscard]] Result<std::vector<contracts::identity::Place>> locate(
    Desk& desk, custody::Organisation& us, const custody::LedgerPort& port,
    const model::Id& custodian, const model::Id& handle);

/// Answers `PeerKind::locate`. Errors: message_malformed, handle_unknown.
[[nodiscard]] Result<Bytes> answer_locate(custody::Organisation& of, const Heard& heard);

}  // namespace xl::gateway::peer
