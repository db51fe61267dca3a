// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "base/console.h"
#include "node/layout.h"
#include "node/tools/ledger_verify.h"

namespace xl::node {

/// Checks the ledger of a data folder, or `copy` of it elsewhere (empty: none), with a progress
/// bar: from the genesis, or from the snapshot it was restored from. A folder whose node signs
/// alone must also hold what that signed last. Errors: those of `verify_ledger`, of the genesis and
/// of the settings; signed_history_differs (the ledger is gone beside its mark).
[[nodiscard]] Result<VerifyReport> verify_folder(const Layout& layout,
                                                 const std::filesystem::path& copy,
                                                 const Console& console);

/// Tells what was found: words for people, with `--json` one object.
void show_report(const VerifyReport& report, const Console& console);

}  // namespace xl::node
