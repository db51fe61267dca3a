// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/router.h"
#include "gateway/services.h"

/// What an organisation agreed with others: looked at by its own people and software, brought by
/// its own key.
namespace xl::gateway::organisation {

/// `POST /o/{org}/agreements` with `{"sealed": base64, "transaction": base64}`: terms that are
/// proposed or accepted. Errors: role_refused, parameter_invalid, those of `AgreementDesk::bring`.
[[nodiscard]] Result<http::Response> bring_agreement(const Services& services,
                                                     custody::Organisation& organisation,
                                                     const custody::Principal& who,
                                                     const http::Request& request,
                                                     const PathValues& values);

/// `GET /o/{org}/agreements`: those that were not ended. Errors: role_refused.
[[nodiscard]] Result<http::Response> list_agreements(const Services& services,
                                                     custody::Organisation& organisation,
                                                     const custody::Principal& who,
                                                     const http::Request& request,
                                                     const PathValues& values);

/// `GET /o/{org}/agreements/{agreement}`: one with its disputes and the ledger's receipt. Errors:
/// role_refused, fhir_not_found.
[[nodiscard]] Result<http::Response> show_agreement(const Services& services,
                                                    custody::Organisation& organisation,
                                                    const custody::Principal& who,
                                                    const http::Request& request,
                                                    const PathValues& values);

/// `POST /o/{org}/agreements/{agreement}/disputes`: as `bring_agreement`, the words of a dispute or
/// of its answer.
[[nodiscard]] Result<http::Response> bring_agreement_words(const Services& services,
                                                           custody::Organisation& organisation,
                                                           const custody::Principal& who,
                                                           const http::Request& request,
                                                           const PathValues& values);

}  // namespace xl::gateway::organisation
