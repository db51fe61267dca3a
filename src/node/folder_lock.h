// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "node/layout.h"
#include "vault/places.h"

namespace xl::node {

/// Keeps a second node, and a repair beside a node, out of a data folder for as long as it lives.
/// Errors: store_locked (somebody else is in it), file_unwritable.
[[nodiscard]] inline Result<vault::DirectoryLock> lock_folder(const Layout& layout) {
  auto out = vault::DirectoryLock::take(layout.root);
  if (!out.ok() && out.error().code == ErrorCode::vault_locked) {
    return make_error(ErrorCode::store_locked, layout.root.string());
  }
  return out;
}

}  // namespace xl::node
