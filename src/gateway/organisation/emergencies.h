// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/router.h"
#include "gateway/services.h"

namespace xl::gateway::organisation {

/// `POST /o/{org}/emergencies` with `{"body": base64 of a transaction body with one
/// DeclareEmergency, "signatures": [base64 by the practitioner, and by the second clinician if
/// there is one], "reason": {"salt", "code", "text"}}`; the practitioner's organisation, whose key
/// the body names last, adds its signature. Errors: role_refused, parameter_invalid, those of
/// `custody::AccessDesk::declare_emergency`.
[[nodiscard]] Result<http::Response> declare_emergency(const Services& services,
                                                       custody::Organisation& organisation,
                                                       const custody::Principal& who,
                                                       const http::Request& request,
                                                       const PathValues& values);

/// `POST /o/{org}/emergencies/{entry}/renewals` with `{"body": …, "signatures": […]}` as above, of
/// one RenewEmergency. Errors: role_refused, parameter_invalid, those of
/// `custody::AccessDesk::renew_emergency`.
[[nodiscard]] Result<http::Response> renew_emergency(const Services& services,
                                                     custody::Organisation& organisation,
                                                     const custody::Principal& who,
                                                     const http::Request& request,
                                                     const PathValues& values);

}  // namespace xl::gateway::organisation
