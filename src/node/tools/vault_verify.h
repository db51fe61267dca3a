// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "node/keys.h"
#include "node/layout.h"

namespace xl::node {

/// What an organisation keeps off the ledger, as it was found.
struct CustodyReport {
  model::Id organisation;
  std::string name;
  std::uint64_t bodies = 0;           ///< each hashed again
  std::uint64_t records = 0;          ///< versions, each decrypted and compared with the index
  std::uint64_t journal_entries = 0;  ///< each hashed and its signature checked
  std::uint64_t journal_lost = 0;     ///< entries that a restore lost, as the journal says, signed
  /// The journal is of a backup, sound as far as it goes, and the node has not run since: what the
  /// ledger holds behind it was not compared.
  bool journal_waits = false;
  std::uint64_t anchored_batches = 0;  ///< of the journal, each compared with the ledger
  std::optional<Error> damage;         ///< the first thing that is not as it should be
};

/// Reads everything that the organisations of a stopped node keep off the ledger: keyring, log of
/// erasures, bodies, index, read journal, and compares keys and journal with what the ledger says
/// of them. `progress` gets the number of record versions read. Errors: data_folder_missing,
/// store_locked and vault_locked (the node runs), those of the keys; damage is in the report.
[[nodiscard]] Result<std::vector<CustodyReport>> verify_custody(
    const Layout& layout, const Unlock& unlock, const std::function<void(std::uint64_t)>& progress);

}  // namespace xl::node
