// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/router.h"
#include "gateway/services.h"

namespace xl::gateway::organisation {

/// `GET /o/{org}/guardianships?within_days=N&after=WARD`: for the organisation itself and its
/// software: the guardians of its patients whose office ends within so many days (all without it),
/// by ward, at most 200 with where to go on; and whether the ward has a key of its own, to be told
/// and handed over to before that day. Errors: role_refused, parameter_invalid.
[[nodiscard]] Result<http::Response> list_guardianships(const Services& services,
                                                        custody::Organisation& organisation,
                                                        const custody::Principal& who,
                                                        const http::Request& request,
                                                        const PathValues& values);

}  // namespace xl::gateway::organisation
