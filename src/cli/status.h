// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>

#include "base/json/json.h"
#include "cli/commands.h"

namespace xl::cli {

/// A node's certificate with fewer days left is told about: as many as in the node's own log.
constexpr std::uint64_t certificate_days_warned = 14;

/// What is left of the certificate of a node that speaks TLS, by its answer to `/health`; nothing
/// where it speaks none.
[[nodiscard]] std::optional<std::uint64_t> certificate_days_left(json::Value health,
                                                                 std::uint64_t now_ms);

/// `xinglin node status`. Precondition: the group `node` is there (its other commands are the
/// node's own).
void add_status_command(CLI::App& app, Session& session);

}  // namespace xl::cli
