// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/router.h"
#include "gateway/services.h"

namespace xl::gateway::organisation {

/// `POST /o/{org}/erasures` with `{"type", "id", "version"?}` or `{"patient": DID}`: erases it and
/// answers with the certificates. Only who signed in with a key of the organisation itself may.
/// Errors: role_refused, parameter_invalid, index_record_unknown, record_erased, patient_unknown,
/// those of `custody::ErasureDesk`.
[[nodiscard]] Result<http::Response> erase(const Services& services,
                                           custody::Organisation& organisation,
                                           const custody::Principal& who,
                                           const http::Request& request, const PathValues& values);

/// `GET /o/{org}/erasures/{id}`: a certificate as it stands now. For the same. Errors:
/// role_refused, identifier_malformed, erasure_unknown.
[[nodiscard]] Result<http::Response> show_erasure(const Services& services,
                                                  custody::Organisation& organisation,
                                                  const custody::Principal& who,
                                                  const http::Request& request,
                                                  const PathValues& values);

}  // namespace xl::gateway::organisation
