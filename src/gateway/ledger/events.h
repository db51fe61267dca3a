// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/ledger/routes.h"

namespace xl::gateway::ledger {

/// `GET /ledger/v1/events`: every executed transaction, in order, as server-sent events whose id is
/// `height.position`. Goes on behind `Last-Event-ID` or `?after=`, from the beginning with
/// `?after=0.0`, else from now. Errors: parameter_invalid.
[[nodiscard]] Result<http::Response> follow_events(const Services& services,
                                                   const http::Request& request);

}  // namespace xl::gateway::ledger
