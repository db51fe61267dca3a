// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/http/message.h"
#include "gateway/services.h"

namespace xl::gateway::ledger {

/// What this ledger says for a checkpoint at `height` (0: the last signed one), with the header's
/// commit and the way from the genesis. Members and keys are those of the state now, keys as they
/// are in force at the header's time: nodes whose ledgers stand alike give the same content.
/// Errors: height_unknown, parameter_invalid (the network has no members). Thread-safe.
[[nodiscard]] Result<http::Response> offer_checkpoint(const Services& services,
                                                      std::uint64_t height);

}  // namespace xl::gateway::ledger
