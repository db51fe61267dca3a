// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/log.h"

namespace xl::node {

Result<Log> open_log(const Layout& layout, const Console::Options& console, bool debug) {
  Log::Options options;
  options.file = layout.log();
  options.stderr_level = console.quiet ? LogLevel::error : LogLevel::warning;
  options.terminal = console.progress && !console.json;
  if (debug) {
    options.file_level = LogLevel::debug;
    options.stderr_level = LogLevel::debug;
  }
  return Log::open(options);
}

}  // namespace xl::node
