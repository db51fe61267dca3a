// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "gateway/http/message.h"

namespace xl::gateway {

/// The error body of the ledger's own API: RFC 9457 `application/problem+json` with `type`,
/// `title`, `status`, `detail`, `code` (`XL####`), `fix` in English and `title_zh`, `fix_zh`, and
/// `request_id`; for what is not kept here `archives`, the gateways that keep it. Holds nothing of
/// the request.
[[nodiscard]] http::Response problem(unsigned status, const Error& error,
                                     std::string_view request_id,
                                     std::span<const std::string> archives = {});

/// The HTTP status that fits an error: 400 malformed or not supported, 401 not signed in, 403 not
/// this role, 404 unknown or not for this requester, 409 replayed, 410 too old or deleted, 412
/// another version, 413 too large, 503 busy or stopping, 504 timed out, 507 disk full, 500 for the
/// stores, else 422.
[[nodiscard]] unsigned status_of(ErrorCode code);

}  // namespace xl::gateway
