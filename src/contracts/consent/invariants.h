// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "model/kv.h"

namespace xl::contracts::consent {

/// True when `changes` keep what consent promises: a consent is never erased and changes only from
/// active to revoked or superseded, once; what took its place is the same patient's and holds only
/// within its period; one given at the desk ends within 90 days and has evidence; the index lists
/// exactly the active ones.
[[nodiscard]] bool invariants_hold(const model::WriteSet& changes, const model::StateReader& before,
                                   const model::StateReader& after);

}  // namespace xl::contracts::consent
