// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "cli/commands.h"

namespace xl::cli {

/// `xinglin access log|explain`: who saw or was refused a patient's records, and why; below
/// `group`.
void add_access_log_commands(CLI::App* group, Session& session);

}  // namespace xl::cli
