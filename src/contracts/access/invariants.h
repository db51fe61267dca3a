// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "model/kv.h"

namespace xl::contracts::access {

/// True when `changes` keep what access promises: no entry is ever erased; a session lasts 15
/// minutes at most, rests on something, and once ended or sealed stays so; the index of unsealed
/// sessions and that of unreviewed emergencies list exactly those; an emergency lasts 60 minutes
/// and one renewal at most, and its review is final; a journal only grows; cohort and denied
/// entries never change.
[[nodiscard]] bool invariants_hold(const model::WriteSet& changes, const model::StateReader& before,
                                   const model::StateReader& after);

}  // namespace xl::contracts::access
