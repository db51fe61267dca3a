// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/router.h"
#include "gateway/services.h"

namespace xl::gateway::organisation {

/// `POST /o/{org}/emergencies` with `{"body": base64 of a transaction body with one
/// DeclareEmergency, "signatures": [base64 by the practitioner, and by the second clinician if
/// there is one], "reason": {"salt", "code", "text"}}`; the practitioner's organisation, whose key
/// the body names last, adds its signature. The custodian may be on another node. Errors:
/// role_refused, parameter_invalid, those of `AccessDesk::sign_emergency`, `declare_emergency` and
/// `peer::declare_at`.
[[nodiscard]] Result<http::Response> declare_emergency(const Services& services,
                                                       const model::Id& custodian,
                                                       const custody::Principal& who,
                                                       const http::Request& request,
                                                       const PathValues& values);

/// `POST /o/{org}/emergencies/{entry}/renewals` with `{"body": …, "signatures": […]}` as above, of
/// one RenewEmergency. Errors: role_refused, parameter_invalid, those of
/// `AccessDesk::sign_emergency` and the ledger.
[[nodiscard]] Result<http::Response> renew_emergency(const Services& services,
                                                     const model::Id& custodian,
                                                     const custody::Principal& who,
                                                     const http::Request& request,
                                                     const PathValues& values);

/// `POST /o/{org}/emergencies/{entry}/find` with `{"identifiers": [{"system", "value"}]}`: asks
/// every custodian of the network who the person is about whom `entry` was declared without a
/// patient. `{"found": [{"custodian", "patient"}], "missing": [DID]}`. Errors: role_refused,
/// parameter_invalid, organisation_elsewhere, gathering_exceeded.
[[nodiscard]] Result<http::Response> find_person(const Services& services,
                                                 const model::Id& custodian,
                                                 const custody::Principal& who,
                                                 const http::Request& request,
                                                 const PathValues& values);

}  // namespace xl::gateway::organisation
