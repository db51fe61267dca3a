// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/router.h"
#include "gateway/services.h"

namespace xl::gateway::ledger {

/// `POST /ledger/v1/light`: what a member's engine asks of another's while it restores its ledger
/// from a snapshot: headers with commits, validators, consensus parameters, by JSON-RPC. Whoever
/// asks checks the answers. Errors: parameter_invalid (another method), engine_unreachable,
/// engine_refused (this node has no engine beside it).
[[nodiscard]] Result<http::Response> answer_light(const Services& services,
                                                  const http::Request& request);

/// `GET /ledger/v1/light`: a receipt whose header the genesis proves, of no state key that is ever
/// there. Errors: height_unknown (no block yet).
[[nodiscard]] Result<http::Response> prove_head(const Services& services);

}  // namespace xl::gateway::ledger
