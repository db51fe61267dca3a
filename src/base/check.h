// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string_view>

namespace xl::detail {
[[noreturn]] void check_failed(std::string_view condition, std::string_view file, int line);
}  // namespace xl::detail

/// Our own bug: memory or the store may be unsafe, so the process stops at once. Compiled into
/// every build. Never on anything a user, a peer or a file can influence: that is an `Error`.
#define XL_CHECK(condition)                                       \
  do {                                                            \
    if (!(condition)) [[unlikely]]                                \
      ::xl::detail::check_failed(#condition, __FILE__, __LINE__); \
  } while (false)
