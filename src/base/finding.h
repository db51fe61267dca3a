// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>
#include <utility>

#include "base/console.h"

namespace xl {

/// One thing that `xinglin doctor` looked at. `exit_code` is that of a failure.
struct Finding {
  std::string name;
  bool ok = false;
  std::string what;
  std::string fix;
  ExitCode exit_code = ExitCode::failed;
  bool warning = false;  ///< works, and should be looked at
};

/// A finding without fault.
[[nodiscard]] inline Finding good(std::string name, std::string what) {
  return {std::move(name), true, std::move(what), {}, ExitCode::done, false};
}

}  // namespace xl
