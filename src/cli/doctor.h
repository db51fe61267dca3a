// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "cli/commands.h"

namespace xl::cli {

/// `xinglin doctor`: what is wrong with this machine, and how to mend it.
void add_doctor_command(CLI::App& app, Session& session);

}  // namespace xl::cli
