// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "chain/snapshot.h"
#include "state/database.h"

namespace xl::chain {

/// Fills an empty store from a snapshot that others made. Nothing is believed: the first chunk
/// proves the manifest by the genesis, and the manifest each chunk. A store that was left in the
/// middle is refused by `Chain::open` and emptied by the next attempt. Not thread-safe.
class SnapshotTaker {
 public:
  /// Removes what an attempt before left and marks the store. `database` and `genesis` outlive it.
  /// Errors: snapshot_invalid (the manifest's form, another network, there is a ledger already),
  /// store_failed.
  [[nodiscard]] static Result<std::unique_ptr<SnapshotTaker>> begin(state::Database& database,
                                                                    const model::Genesis& genesis,
                                                                    ByteView manifest);

  [[nodiscard]] const snapshot::Manifest& manifest() const { return manifest_; }

  /// Checks a chunk and keeps what it holds. Chunk 0 comes first; no chunk twice.
  /// Errors: snapshot_invalid (nothing of it is kept), store_failed.
  [[nodiscard]] Status add(std::uint32_t number, ByteView bytes);
  [[nodiscard]] bool complete() const { return left_ == 0; }

  /// Makes everything durable as a ledger that `Chain::open` takes. Precondition: complete.
  /// Errors: store_failed.
  [[nodiscard]] Status finish();

 private:
  SnapshotTaker(state::Database& database, const model::Genesis& genesis)
      : database_(database), genesis_(genesis) {}

  state::Database& database_;
  const model::Genesis& genesis_;
  snapshot::Manifest manifest_;
  snapshot::Way way_;
  std::vector<bool> added_;
  std::uint32_t left_ = 0;
};

}  // namespace xl::chain
