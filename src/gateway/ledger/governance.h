// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/router.h"
#include "gateway/services.h"

namespace xl::gateway::ledger {

/// Who the members are, what they decide and decided, with proofs of single records.
void add_governance_routes(Router& router, const Services& services);

}  // namespace xl::gateway::ledger
