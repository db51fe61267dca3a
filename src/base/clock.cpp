// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "base/clock.h"

#include <chrono>

namespace xl {

std::uint64_t SystemClock::now_ms() const {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count());
}

}  // namespace xl
