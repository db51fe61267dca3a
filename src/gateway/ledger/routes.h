// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "base/clock.h"
#include "gateway/router.h"
#include "ordering/engine.h"
#include "query/ledger.h"

namespace xl::gateway::ledger {

/// What the ledger's own API stands on; all outlive the router.
struct Services {
  const query::Ledger& ledger;
  ordering::Engine& engine;
  const Clock& clock;
};

/// Adds `/ledger/v1/...` to `router` (`docs/reference/openapi.json`).
void add_routes(Router& router, const Services& services);

}  // namespace xl::gateway::ledger
