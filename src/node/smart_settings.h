// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <memory>
#include <vector>

#include "custody/custody.h"
#include "gateway/smart/server.h"
#include "node/config.h"
#include "node/layout.h"

namespace xl::node {

/// What the settings say of SMART: which organisation each outside provider is for, its secret from
/// its file, and a way to ask it over HTTP. Errors: config_invalid (an organisation that is not of
/// this node, or two providers for one), file_unreadable, key_open_to_others.
[[nodiscard]] Result<gateway::smart::Settings> smart_settings(
    const Layout& layout, const Config& config,
    const std::vector<std::unique_ptr<custody::Organisation>>& organisations);

}  // namespace xl::node
