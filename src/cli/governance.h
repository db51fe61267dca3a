// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "cli/commands.h"

namespace xl::cli {

/// A cell's text in the language of the terminal.
[[nodiscard]] inline std::string said(const Console& console, std::string_view english,
                                      std::string_view chinese) {
  return std::string(console.pick(english, chinese));
}

/// Adds `network members`, `network proposal …` and `network security …`. Precondition: `app` has
/// `network`.
void add_governance_commands(CLI::App& app, Session& session);

/// Adds `network proposal …` (proposals.cpp).
void add_proposal_commands(CLI::App& network, Session& session);

}  // namespace xl::cli
