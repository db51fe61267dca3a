// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "base/finding.h"
#include "cli/commands.h"

namespace xl::cli {

/// Every library's version; a warning when one runs in another version than it was built with.
[[nodiscard]] Finding check_versions(const std::vector<LibraryVersion>& libraries,
                                     const Console& console);

/// `xinglin doctor`: what is wrong with this machine, and how to mend it.
void add_doctor_command(CLI::App& app, Session& session);

}  // namespace xl::cli
