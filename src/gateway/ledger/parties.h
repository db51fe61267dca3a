// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/ledger/routes.h"

namespace xl::gateway::ledger {

/// `GET /ledger/v1/parties/{did}`: an organisation or a service as the ledger has it now:
/// `xinglin/party/v1` with name, status, agreement key and every key that was not revoked, each
/// with the state receipt that proves it. Others are not shown here: who they are is nobody's
/// business. Errors: parameter_invalid, party_unknown, those of the ledger.
[[nodiscard]] Result<http::Response> get_party(const Services& services, const PathValues& values);

}  // namespace xl::gateway::ledger
