// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "cli/commands.h"

namespace xl::cli {

/// `xinglin access log|explain|break-glass|renew|approve|review`.
void add_access_commands(CLI::App& app, Session& session);

}  // namespace xl::cli
