// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/router.h"
#include "gateway/services.h"

namespace xl::gateway::organisation {

/// `POST /o/{org}/emergencies` with `{"body": base64 of a transaction body with one
/// DeclareEmergency, "signature": base64 by the practitioner, "reason": {"salt", "code", "text"}}`;
/// the practitioner's organisation adds its signature. Errors: role_refused, those of
/// `custody::AccessDesk::declare_emergency`.
[[nodiscard]] Result<http::Response> declare_emergency(const Services& services,
                                                       custody::Organisation& organisation,
                                                       const custody::Principal& who,
                                                       const http::Request& request,
                                                       const PathValues& values);

}  // namespace xl::gateway::organisation
