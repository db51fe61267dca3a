// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "custody/webhooks.h"

namespace xl::node {

/// Posts JSON to an address, over TLS that the system's authorities vouch for where it is https.
/// Waits 5 s at most, follows no redirect. Unless `within`, the host has to have a public address;
/// this machine by its own name (`localhost`) is as the webhook's registration let it be. Its
/// errors: node_unreachable, those of TLS, answer_unexpected (the status is not 2xx). Thread-safe.
[[nodiscard]] custody::SendNotice notice_sender(bool within);

}  // namespace xl::node
