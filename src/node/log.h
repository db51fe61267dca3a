// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "base/console.h"
#include "base/log.h"
#include "node/layout.h"

namespace xl::node {

/// Opens the log of a running node: files in the data folder, and stderr from warnings on, with
/// `quiet` from errors on, with `debug` everything. Errors: file_unwritable.
[[nodiscard]] Result<Log> open_log(const Layout& layout, const Console::Options& console,
                                   bool debug);

}  // namespace xl::node
