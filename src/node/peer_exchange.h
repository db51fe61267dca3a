// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/peer/desk.h"
#include "node/config.h"
#include "node/layout.h"

namespace xl::node {

/// How this node reaches other members' gateways: over TLS with its own certificate, believing the
/// authorities of `gateway.peers_ca`, else the system's. Thread-safe. Errors: config_invalid (a
/// file that is not there).
[[nodiscard]] Result<gateway::peer::Exchange> peer_exchange(const Layout& layout,
                                                            const Config& config);

}  // namespace xl::node
