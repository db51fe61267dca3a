// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "cli/commands.h"

namespace xl::cli {

/// `xinglin consent agree|request|requests|answer`, below `group`.
void add_consent_request_commands(CLI::App* group, Session& session);

/// `xinglin identity handle make|list|end`, below `group`.
void add_identity_handle_commands(CLI::App* group, Session& session);

}  // namespace xl::cli
