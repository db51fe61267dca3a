// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "contracts/governance/messages.pb.h"
#include "contracts/governance/view.h"

namespace xl::contracts::governance {

/// What an organisation that is not registered yet signs of its own security attestation
/// (formats-contracts.md §6): the ids, times, digest and software of `message`, for one network.
/// Precondition: the message's shape was checked.
[[nodiscard]] Bytes security_attestation_bytes(
    const Hash& network, const xinglin::governance::v1::AttestSecurity& message);

}  // namespace xl::contracts::governance
