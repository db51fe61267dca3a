// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "cli/actor.h"
#include "client/openid.h"

namespace xl::cli {

/// Adds `credential ...`: issue, hold, present, verify.
void add_credential_commands(CLI::App& app, Session& session);

/// Parts of the group, each in a file of its own.
void add_credential_issue_commands(CLI::App* group, Session& session);
void add_credential_hold_commands(CLI::App* group, Session& session);
void add_credential_verify_commands(CLI::App* group, Session& session);

/// Connects to other servers with the TLS files of the options.
[[nodiscard]] client::Connect connector(const Session& options);

/// `{"type", "claims", …}` of a type and `NAME=VALUE` pairs, without its closing bracket. Errors:
/// usage_invalid.
[[nodiscard]] Result<std::string> credential_body(const std::string& type,
                                                  const std::vector<std::string>& claims,
                                                  std::uint64_t days);

}  // namespace xl::cli
