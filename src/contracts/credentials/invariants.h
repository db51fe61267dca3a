// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "model/kv.h"

namespace xl::contracts::credentials {

/// What must hold after any transaction that changed credentials: README.md lists it. `changes`
/// holds this contract's keys only.
[[nodiscard]] bool invariants_hold(const model::WriteSet& changes, const model::StateReader& before,
                                   const model::StateReader& after);

}  // namespace xl::contracts::credentials
