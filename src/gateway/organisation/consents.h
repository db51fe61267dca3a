// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/router.h"
#include "gateway/services.h"

namespace xl::gateway::organisation {

/// `POST /o/{org}/consents` with `{"sealed": base64, "transaction": base64}`. The signatures in the
/// transaction are the authority; whoever is signed in may bring it. Errors: those of
/// `custody::PolicyStore::accept`.
[[nodiscard]] Result<http::Response> bring_consent(const Services& services,
                                                   custody::Organisation& organisation,
                                                   const custody::Principal& who,
                                                   const http::Request& request,
                                                   const PathValues& values);

/// `GET /o/{org}/consents`: for the patient, or for a guardian who names it with `?patient=DID`.
/// Errors: role_refused.
[[nodiscard]] Result<http::Response> list_consents(const Services& services,
                                                   custody::Organisation& organisation,
                                                   const custody::Principal& who,
                                                   const http::Request& request,
                                                   const PathValues& values);

/// The organisation's patient whom that patient, or a guardian in office, asks about. With an
/// `action` a refusal is recorded: in the log of the patient whom `?patient=DID` names, or where it
/// names nobody here, in nobody's. Errors: role_refused, those of the journal.
[[nodiscard]] Result<model::Id> own_patient(const Services& services,
                                            custody::Organisation& organisation,
                                            const custody::Principal& who,
                                            const http::Request& request,
                                            std::string_view action = {});

}  // namespace xl::gateway::organisation
