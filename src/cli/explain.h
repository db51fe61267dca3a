// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "cli/commands.h"

namespace xl::cli {

/// `xinglin explain XL1203`, `xinglin explain contracts`, `xinglin version`.
void add_explain_commands(CLI::App& app, Session& session);

}  // namespace xl::cli
