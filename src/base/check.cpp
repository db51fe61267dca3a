// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace xl::detail {

void check_failed(std::string_view condition, std::string_view file, int line) {
  std::fprintf(stderr, "xinglin: internal check failed: %.*s (%.*s:%d)\n",
               static_cast<int>(condition.size()), condition.data(), static_cast<int>(file.size()),
               file.data(), line);
  std::abort();
}

}  // namespace xl::detail

namespace xl {

void stop_process(std::string_view why) {
  std::fprintf(stderr, "xinglin: stopped: %.*s\n", static_cast<int>(why.size()), why.data());
  std::abort();
}

}  // namespace xl
