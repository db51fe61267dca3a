// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/router.h"
#include "gateway/services.h"

namespace xl::gateway::credentials {

/// Adds what wallets, verifiers and the organisation's own people ask: `/o/{org}/credentials/...`,
/// the well-known documents, the types, and the proofs of issuers and status lists.
void add_routes(Router& router, const Services& services);

}  // namespace xl::gateway::credentials
