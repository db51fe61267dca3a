// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/finding.h"
#include "node/layout.h"

namespace xl::node {

/// What `xinglin doctor` finds in a node's folder and around it, whether or not the node runs:
/// whether settings and ledger agree about the archive role, the engine's version, who has the
/// ports, and each other member's engine, called by TCP, all at once. Nothing where there is no
/// node, or no engine beside it. Takes as long as the slowest peer, three seconds at most, and a
/// look-up of names.
[[nodiscard]] std::vector<Finding> check_machine(const Layout& layout);

/// Where the folder's node listens by its settings, as this machine calls it; empty where they do
/// not tell.
[[nodiscard]] std::string own_url(const Layout& layout);

/// The version that a Go program was built from as the module `path`, from its build information
/// (runtime/debug.BuildInfo, lines `mod` and `dep`); empty where `program` does not tell.
[[nodiscard]] std::string go_module_version(const std::filesystem::path& program,
                                            std::string_view path);

}  // namespace xl::node
