// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <functional>
#include <vector>

#include "model/id.h"
#include "node/keys.h"
#include "node/layout.h"

namespace xl::node {

/// What a rebuild found.
struct RebuiltIndexes {
  std::uint64_t versions = 0;  ///< record versions read
  /// Records with a version left out: another has their FHIR type, id and version.
  std::vector<model::Id> left_out;
};

/// Makes the record index of every organisation of a stopped node again from its vault: an index
/// that is lost or damaged is replaced once the new one is whole, the answers are the same.
/// `progress` gets the number of versions read. Errors: data_folder_missing, store_locked (the
/// node runs), those of the keys and the stores.
[[nodiscard]] Result<RebuiltIndexes> rebuild_indexes(
    const Layout& layout, const Unlock& unlock, const std::function<void(std::uint64_t)>& progress);

}  // namespace xl::node
