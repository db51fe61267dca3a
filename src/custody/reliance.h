// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstddef>
#include <set>
#include <vector>

#include "model/id.h"

/// On which consents an answer rests, of all that would permit it.
namespace xl::custody {

/// The consents each of which permits one record; ascending.
using Permits = std::vector<model::Id>;

/// Few consents of which each member of `needs` has one: those that are the only one of some, by
/// id, then greedily the one that most of those still without have, of equals the lowest id. In the
/// order in which they were taken. Members without any are passed over. Pure. Cost: consents taken
/// × sum of sizes.
[[nodiscard]] std::vector<model::Id> consents_relied_on(const std::set<Permits>& needs);

/// How many of the first of `needs` can be served on `consents_max` consents. Pure. Cost: that of
/// `consents_relied_on`, once for each doubling and halving.
[[nodiscard]] std::size_t served_by(const std::vector<Permits>& needs, std::size_t consents_max);

}  // namespace xl::custody
