// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "cli/commands.h"

namespace xl::cli {

/// `xinglin fhir import`: files into a custodian, and back out to compare; below `group`.
void add_fhir_import_command(CLI::App* group, Session& session);

}  // namespace xl::cli
