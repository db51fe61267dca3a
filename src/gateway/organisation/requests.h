// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/router.h"
#include "gateway/services.h"

/// Handles by which patients are asked, and what they are asked for. Guardians name their ward with
/// `?patient=DID` everywhere.
namespace xl::gateway::organisation {

/// `POST /o/{org}/handles` with `{"life_ms": decimal}`: a handle of the patient who asks. Errors:
/// role_refused, parameter_invalid, those of `RequestDesk::make_handle`.
[[nodiscard]] Result<http::Response> make_handle(const Services& services,
                                                 custody::Organisation& organisation,
                                                 const custody::Principal& who,
                                                 const http::Request& request,
                                                 const PathValues& values);

/// `GET /o/{org}/handles`: those in use. Errors: role_refused.
[[nodiscard]] Result<http::Response> list_handles(const Services& services,
                                                  custody::Organisation& organisation,
                                                  const custody::Principal& who,
                                                  const http::Request& request,
                                                  const PathValues& values);

/// `DELETE /o/{org}/handles/{handle}`. Errors: role_refused, handle_unknown.
[[nodiscard]] Result<http::Response> end_handle(const Services& services,
                                                custody::Organisation& organisation,
                                                const custody::Principal& who,
                                                const http::Request& request,
                                                const PathValues& values);

/// `GET /o/{org}/requests`: for a patient what they are asked for, for everybody else what they
/// sent, of which they are told how it stands and nothing of what was left out. Own people and
/// software name another custodian with `?custodian=DID`, which is asked. Errors: role_refused,
/// parameter_invalid, those of `peer::look_there`.
[[nodiscard]] Result<http::Response> list_requests(const Services& services,
                                                   custody::Organisation& organisation,
                                                   const custody::Principal& who,
                                                   const http::Request& request,
                                                   const PathValues& values);

/// `GET /o/{org}/requests/{request}`: one of them; for a patient who refused with what proves it.
/// `?custodian=DID` as above. Errors: request_unknown (also for everybody whom it does not
/// concern), those of `list_requests`.
[[nodiscard]] Result<http::Response> show_request(const Services& services,
                                                  custody::Organisation& organisation,
                                                  const custody::Principal& who,
                                                  const http::Request& request,
                                                  const PathValues& values);

/// `POST /o/{org}/requests/{request}/decline` with `{"sealed": base64, "transaction": base64}`: by
/// the patient or a guardian. Errors: role_refused, those of `RequestDesk::decline`.
[[nodiscard]] Result<http::Response> decline_request(const Services& services,
                                                     custody::Organisation& organisation,
                                                     const custody::Principal& who,
                                                     const http::Request& request,
                                                     const PathValues& values);

}  // namespace xl::gateway::organisation
