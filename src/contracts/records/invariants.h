// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "model/kv.h"

namespace xl::contracts::records {

/// True when `changes` keep what records promises: versions only rise and each stored one belongs
/// to its record and is never overwritten; a record never changes patient or custodian; one that
/// was withdrawn or erased stays so and gets no further version; a final erasure was pending for 35
/// days and keeps the certificates of both.
[[nodiscard]] bool invariants_hold(const model::WriteSet& changes, const model::StateReader& before,
                                   const model::StateReader& after);

}  // namespace xl::contracts::records
