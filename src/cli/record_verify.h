// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "cli/commands.h"

namespace xl::cli {

/// `xinglin record verify`: is a record what the ledger says was written?
void add_record_verify_command(CLI::App* group, Session& session);

}  // namespace xl::cli
