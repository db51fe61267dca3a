// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "cli/commands.h"

namespace xl::cli {

/// `xinglin access verify`: did an entry of the access log happen as it says?
void add_access_verify_command(CLI::App* group, Session& session);

}  // namespace xl::cli
