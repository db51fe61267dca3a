// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>

#include "gateway/router.h"

namespace xl::gateway {

/// The OpenAPI 3.1 description of `routes`: every path and method the router answers but those that
/// are only refused, with parameters, bodies and answers, so that the description can never miss
/// one.
[[nodiscard]] std::string openapi_text(const std::vector<Route>& routes);

}  // namespace xl::gateway
