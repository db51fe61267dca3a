// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>

namespace xl::contracts::testing {

/// The seed of a property test, printed so that a failure can be run again: XL_SEED=n.
inline std::uint64_t seed(std::uint64_t otherwise) {
  const char* given = std::getenv("XL_SEED");
  const std::uint64_t value = given != nullptr ? std::stoull(given) : otherwise;
  std::cout << "seed: XL_SEED=" << value << "\n";
  return value;
}

}  // namespace xl::contracts::testing
