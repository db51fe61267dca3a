// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "model/kv.h"

namespace xl::contracts::identity {

/// True when `changes` keep what identity promises: a key id means one key of one party for ever
/// and a revoked key stays revoked; a party never changes kind or custodian, and never returns from
/// claimed to unclaimed or from deactivated; every active party (services apart) holds a key that
/// manages it for good, and the others hold none; the index of live keys says the truth; a
/// guardianship has an end and its end is final; a recovery never loses its waiting period.
[[nodiscard]] bool invariants_hold(const model::WriteSet& changes, const model::StateReader& before,
                                   const model::StateReader& after);

}  // namespace xl::contracts::identity
