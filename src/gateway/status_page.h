// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "base/result.h"
#include "gateway/http/message.h"
#include "ordering/engine.h"
#include "query/ledger.h"

namespace xl::gateway {

/// The page at `/`: what this node is, how far its ledger stands, who keeps it, and where to go
/// from here. Chinese or English by `?lang=`, then Accept-Language, then Chinese. Works without
/// script. Errors: store_corrupt.
[[nodiscard]] Result<http::Response> status_page(const query::Ledger& ledger,
                                                 const ordering::Engine& engine,
                                                 const http::Request& request);

}  // namespace xl::gateway
