// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/router.h"
#include "gateway/services.h"

namespace xl::gateway::ledger {

/// Adds `/ledger/v1/...` to `router` (`docs/reference/openapi.json`). Heads, receipts, proofs of
/// growth and the genesis are for anyone, and so is sending, since a transaction is its own
/// authority; everything else is for those who signed in.
void add_routes(Router& router, const Services& services);

}  // namespace xl::gateway::ledger
