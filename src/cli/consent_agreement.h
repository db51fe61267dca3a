// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "cli/commands.h"

namespace xl::cli {

/// `xinglin consent agreement propose|accept|end|list|show|dispute|answer`, below `group`.
void add_consent_agreement_commands(CLI::App* group, Session& session);

}  // namespace xl::cli
