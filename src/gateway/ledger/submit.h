// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/ledger/routes.h"

namespace xl::gateway::ledger {

/// `POST /ledger/v1/transactions`: one transaction as `application/octet-stream`, or up to
/// `batch_transactions_max` as JSON `{"transactions": [base64, ...]}`. With `wait=false` answers
/// 202 with the ids as soon as they are queued; else when all are durable, at most `timeout_ms`. A
/// transaction that was refused has an `error`, the others their entry.
[[nodiscard]] Result<http::Response> submit_transactions(const Services& services,
                                                         const http::Request& request);

}  // namespace xl::gateway::ledger
