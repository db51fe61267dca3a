// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <functional>

#include "node/keys.h"
#include "node/layout.h"

namespace xl::node {

/// Makes the record index of every organisation of a stopped node again from its vault: an index
/// that is lost or damaged is replaced, the answers are the same. `progress` gets the number of
/// versions read. The number of versions indexed. Errors: data_folder_missing, store_locked (the
/// node runs), those of the keys and the stores.
[[nodiscard]] Result<std::uint64_t> rebuild_indexes(
    const Layout& layout, const Unlock& unlock, const std::function<void(std::uint64_t)>& progress);

}  // namespace xl::node
