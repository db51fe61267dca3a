// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <span>

namespace xl::crypto {

/// Fills `out` from the operating system's random source; stops the process when there is none.
/// Never inside execution: contracts must be deterministic. Thread-safe.
void random_bytes(std::span<std::uint8_t> out);

}  // namespace xl::crypto
