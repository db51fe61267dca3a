// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "cli/commands.h"

namespace xl::cli {

/// `xinglin fhir get|search|export|capabilities|import`.
void add_fhir_commands(CLI::App& app, Session& session);

}  // namespace xl::cli
