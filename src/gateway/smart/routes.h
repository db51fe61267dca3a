// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/router.h"
#include "gateway/services.h"

namespace xl::gateway::smart {

/// Adds each organisation's authorization server: `/o/{org}/oauth/…`, its description below the
/// FHIR base, and `/o/{org}/smart/v1/…` for those who run the organisation.
void add_routes(Router& router, const Services& services);

}  // namespace xl::gateway::smart
