// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "cli/commands.h"

namespace xl::cli {

/// `xinglin verify FILE --genesis GENESIS`: the offline verifier. No network, no store.
void add_verify_command(CLI::App& app, Session& session);

}  // namespace xl::cli
