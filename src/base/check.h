// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string_view>

namespace xl::detail {
[[noreturn]] void check_failed(std::string_view condition, std::string_view file, int line);
}  // namespace xl::detail

namespace xl {
/// Ends the process because going on could give a wrong answer or lose data: the store cannot be
/// read, the disk refuses a write. `why` is printed and must hold no health data.
[[noreturn]] void stop_process(std::string_view why);
}  // namespace xl

/// Our own bug: memory or the store may be unsafe, so the process stops at once. Compiled into
/// every build. Never on anything a user, a peer or a file can influence: that is an `Error`.
#define XL_CHECK(condition)                                       \
  do {                                                            \
    if (!(condition)) [[unlikely]]                                \
      ::xl::detail::check_failed(#condition, __FILE__, __LINE__); \
  } while (false)
