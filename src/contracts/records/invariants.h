// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "model/kv.h"

namespace xl::contracts::records {

/// Versions only rise by one, a record never changes patient or custodian, and a stored version is
/// never overwritten. True when that holds for `changes`.
[[nodiscard]] bool invariants_hold(const model::WriteSet& changes, const model::StateReader& before,
                                   const model::StateReader& after);

}  // namespace xl::contracts::records
