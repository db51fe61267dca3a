// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <vector>

#include "base/library_version.h"

namespace xl::node {

/// The libraries that decide what this program stores, hashes and answers. Thread-safe.
[[nodiscard]] std::vector<LibraryVersion> linked_libraries();

}  // namespace xl::node
