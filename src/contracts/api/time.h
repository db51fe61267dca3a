// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>

#include "base/checked.h"
#include "model/limits.h"

/// The one reading of periods (docs/reference/formats.md, "Time"): milliseconds of block time.
namespace xl::contracts {

/// True when a start is reached; 0 means "since it was committed". Starts count early by
/// `limits::start_tolerance_ms`.
[[nodiscard]] constexpr bool start_reached(std::uint64_t start_ms, std::uint64_t block_ms) {
  return saturating_add(block_ms, limits::start_tolerance_ms) >= start_ms;
}

/// True when an exclusive end is reached; 0 means "no end".
[[nodiscard]] constexpr bool end_reached(std::uint64_t end_ms, std::uint64_t block_ms) {
  return end_ms != 0 && block_ms >= end_ms;
}

}  // namespace xl::contracts
