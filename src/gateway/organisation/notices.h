// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/router.h"
#include "gateway/services.h"

/// What people are told of: a feed with a cursor, and addresses that are told that there is more in
/// it. Of the patient for the patient, of a ward for its guardian, of a patient or of what concerns
/// all for a privacy officer or auditor.
namespace xl::gateway::organisation {

/// `GET /o/{org}/notices?after=CURSOR&count=N&patient=DID`: notices behind the cursor, oldest
/// first, each at least once: whoever keeps the cursor only after having dealt with a page misses
/// none. Errors: role_refused, parameter_invalid, notice_cursor_invalid.
[[nodiscard]] Result<http::Response> list_notices(const Services& services,
                                                  custody::Organisation& organisation,
                                                  const custody::Principal& who,
                                                  const http::Request& request,
                                                  const PathValues& values);

/// `POST /o/{org}/webhooks` with `{"url": …, "patient"?: DID}`: tells an address of notices from
/// now on. The answer has the secret that authenticates what is sent, once. Errors:
/// webhook_refused, webhooks_exceeded, role_refused.
[[nodiscard]] Result<http::Response> add_webhook(const Services& services,
                                                 custody::Organisation& organisation,
                                                 const custody::Principal& who,
                                                 const http::Request& request,
                                                 const PathValues& values);

/// `GET /o/{org}/webhooks`: one's own, how far each is, and why it was given up.
[[nodiscard]] Result<http::Response> list_webhooks(const Services& services,
                                                   custody::Organisation& organisation,
                                                   const custody::Principal& who,
                                                   const http::Request& request,
                                                   const PathValues& values);

/// `DELETE /o/{org}/webhooks/{webhook}`. Errors: webhook_unknown, also for those of others.
[[nodiscard]] Result<http::Response> remove_webhook(const Services& services,
                                                    custody::Organisation& organisation,
                                                    const custody::Principal& who,
                                                    const http::Request& request,
                                                    const PathValues& values);

}  // namespace xl::gateway::organisation
