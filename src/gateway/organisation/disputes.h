// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/router.h"
#include "gateway/services.h"

/// Disputes about entries of the read journal: a patient says what is wrong, a privacy officer
/// answers with a signature, by a day that everybody sees on the ledger.
namespace xl::gateway::organisation {

/// `POST /o/{org}/disputes` with `{"sealed": base64 of DisputeDetails, "transaction": base64}`. Who
/// signed it brings it: the patient, or a guardian in office. Errors: those of
/// `custody::DisputeDesk::open`, parameter_invalid.
[[nodiscard]] Result<http::Response> open_dispute(const Services& services,
                                                  custody::Organisation& organisation,
                                                  const custody::Principal& who,
                                                  const http::Request& request,
                                                  const PathValues& values);

/// `POST /o/{org}/disputes/{dispute}/answer` with `{"sealed": base64 of DisputeAnswer,
/// "transaction": base64}`, for a privacy officer of the organisation. Errors: those of
/// `custody::DisputeDesk::answer`, role_refused, parameter_invalid.
[[nodiscard]] Result<http::Response> answer_dispute(const Services& services,
                                                    custody::Organisation& organisation,
                                                    const custody::Principal& who,
                                                    const http::Request& request,
                                                    const PathValues& values);

/// `GET /o/{org}/disputes?patient=DID&after=ID&count=N`: a patient's own, a ward's, or one's that a
/// privacy officer or auditor names; of these two without `patient` all that wait for an answer,
/// those due first. Looking is journalled. Errors: role_refused, parameter_invalid, those of the
/// journal.
[[nodiscard]] Result<http::Response> list_disputes(const Services& services,
                                                   custody::Organisation& organisation,
                                                   const custody::Principal& who,
                                                   const http::Request& request,
                                                   const PathValues& values);

/// `GET /o/{org}/disputes/{dispute}`: one of those, with the receipt of what the ledger holds of it
/// and the sealed words that it commits to. Errors: dispute_unknown, also for those of others.
[[nodiscard]] Result<http::Response> show_dispute(const Services& services,
                                                  custody::Organisation& organisation,
                                                  const custody::Principal& who,
                                                  const http::Request& request,
                                                  const PathValues& values);

}  // namespace xl::gateway::organisation
