// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <filesystem>

#include "base/bytes.h"
#include "base/result.h"

namespace xl::node {

/// What was altered where.
struct Tampered {
  std::filesystem::path directory;  ///< the altered copy; the caller removes it
  Bytes key;                        ///< the state key whose value was altered
};

/// Copies a ledger's store and flips one bit of one stored value in the copy, as somebody with
/// access to the disk could: through the store itself, so that its checksums fit again.
/// Errors: file_unwritable, store_failed, store_corrupt (nothing to alter).
[[nodiscard]] Result<Tampered> tamper_copy(const std::filesystem::path& ledger);

/// The same in the store itself, of a node that is stopped. The state key that was altered. Errors:
/// store_locked (the node runs), store_failed, store_corrupt (nothing to alter).
[[nodiscard]] Result<Bytes> tamper_in_place(const std::filesystem::path& ledger);

}  // namespace xl::node
