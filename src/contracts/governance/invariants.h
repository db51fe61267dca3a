// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "contracts/api/contract.h"

namespace xl::contracts::governance {

/// What must hold after any transaction, and any step at a block's end, that changed governance's
/// keys (README, "Invariants").
[[nodiscard]] bool invariants_hold(const model::WriteSet& changes, const model::StateReader& before,
                                   const model::StateReader& after);

}  // namespace xl::contracts::governance
