// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/router.h"
#include "gateway/services.h"

namespace xl::gateway::organisation {

/// `GET /o/{org}/oversight?from=DAY&to=DAY` with `X-Purpose-Of-Use: HCOMPL`: how many accesses of
/// which kind, purpose and institution there were, what waits and what is late, for a regulator's
/// auditors and privacy officers and for the organisation's own. Read-only, of no patient; the look
/// is journalled before. Errors: role_refused, purpose_unknown, parameter_invalid, export_too_large
/// (too many entries in these days), those of the journal.
[[nodiscard]] Result<http::Response> show_oversight(const Services& services,
                                                    custody::Organisation& organisation,
                                                    const custody::Principal& who,
                                                    const http::Request& request,
                                                    const PathValues& values);

}  // namespace xl::gateway::organisation
