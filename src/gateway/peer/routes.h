// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/router.h"
#include "gateway/services.h"

namespace xl::gateway::peer {

/// Adds the route at which other organisations' nodes ask.
void add_routes(Router& router, const Services& services);

}  // namespace xl::gateway::peer
