// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "cli/actor.h"

namespace xl::cli {

/// `consent see-as` and `consent explain`: what somebody else would be let see, and by which rule.
void add_consent_preview_commands(CLI::App* group, Session& session);

}  // namespace xl::cli
