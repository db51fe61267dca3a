// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "cli/commands.h"

namespace xl::cli {

/// `record erase`: the custodian destroys what opens a record or everything of a patient, and
/// `record erasure`: the certificate of it as it stands.
void add_record_erase_commands(CLI::App* group, Session& session);

}  // namespace xl::cli
