// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/json/writer.h"
#include "chain/chain.h"
#include "ordering/solo/mark.h"

namespace xl::node {

/// The first thing that is not as the signatures say.
struct Damage {
  std::string record;  ///< what it is: `block 12`, `transaction 3fa9…`, `state key …`
  std::string what;    ///< how it differs, a sentence without health data
};

/// What a whole verification found.
struct VerifyReport {
  std::uint64_t base = 1;          ///< first block that is kept here
  std::uint64_t height = 0;        ///< last block checked
  std::uint64_t transactions = 0;  ///< executed transactions replayed
  std::uint64_t state_keys = 0;
  Hash app_hash{};
  std::optional<Damage> damage;     ///< nothing: intact
  std::uint64_t intact_height = 0;  ///< blocks up to here hold even when there is damage
};

/// Checks a member's whole copy of the ledger from the genesis: every header, commit and link;
/// every envelope against its header; then runs every block again in memory and compares each
/// result, each app hash, the history and every state value with what is stored. Nothing stored is
/// trusted. `progress` is called with the blocks done and to do. `last_signed` is what the node's
/// mark named before the store was opened, where there is one: it must be there. Errors: only when
/// it could not be checked (store_failed, genesis_differs, store_version_unsupported,
/// block_not_kept: the ledger was restored, see `verify_restored`); alterations are in the report.
/// Cost: about that of executing the chain; memory holds the state.
[[nodiscard]] Result<VerifyReport> verify_ledger(
    const state::Database& database, const contracts::Registry& registry,
    const model::Genesis& genesis,
    const std::function<void(std::uint64_t, std::uint64_t)>& progress,
    const std::optional<ordering::solo::Signed>& last_signed = {});

/// Checks a copy that was restored from a snapshot, whose first blocks are not here to be run
/// again: every value of the state under its root, the roots and every kept block under headers
/// that lead to the genesis, every kept transaction and result under the history. `progress` is
/// called with the height done and the last one. Errors: as `verify_ledger`; ledger_unproved (no
/// block behind the snapshot is here yet). Cost: memory holds the
/// state.
[[nodiscard]] Result<VerifyReport> verify_restored(
    state::Database& database, const contracts::Registry& registry, model::Genesis genesis,
    const std::function<void(std::uint64_t, std::uint64_t)>& progress);

/// Writes the report as an object, `schema` xinglin/ledger-verification/v1.
void write_report(json::Writer& out, const VerifyReport& report);

/// `state key 3 'h' of contract records` and the rest of the key in hex: how a key is named.
[[nodiscard]] std::string describe_state_key(ByteView key, const contracts::Registry& registry);

}  // namespace xl::node
