// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "client/http_client.h"
#include "node/config.h"
#include "node/keys.h"
#include "node/layout.h"

namespace xl::node {

/// How far a repair is.
struct RepairProgress {
  std::uint64_t height = 0;  ///< of the snapshot that is taken, 0 before one was found
  std::uint64_t chunks = 0;
  std::uint64_t taken = 0;
};

/// What a repair did.
struct Repaired {
  std::uint64_t height = 0;   ///< of the snapshot; 0: nobody offers one, the node takes the blocks
  std::uint32_t refused = 0;  ///< snapshots and chunks that were not what they said
  std::vector<std::string> unhelpful;  ///< HOST:PORT of gateways without which it went
  std::filesystem::path set_aside;     ///< where the ledger is that was there before; empty: none
};

/// Whom to ask for a snapshot.
struct AskedGateways {
  std::vector<std::string> urls;
  bool of_ledger = false;  ///< of the folder's own ledger; else of the genesis
};

/// The gateways that the other present members tell. Errors: gateways_untold (nobody tells one),
/// those of the genesis.
[[nodiscard]] Result<AskedGateways> gateways_to_ask(const Layout& layout);

/// Puts back what a repair that was killed moved away. Errors: store_locked, file_unwritable.
[[nodiscard]] Status undo_killed_repair(const Layout& layout);

/// Sets the ledger of a stopped member aside and restores it from a snapshot that other members
/// offer, checked by the genesis; while nobody has a snapshot it is only set aside, and the node
/// takes the blocks from the others. One that fails or is ended puts everything back. Vault, keys,
/// indexes and the record of what the validator signed stay. `members` are the addresses of other
/// members' gateways, see `gateways_to_ask`. `go_on` is asked about once a second and may end it.
/// Errors: config_invalid (the network has no other member), store_locked (the node runs),
/// sign_state_missing, engine_unreachable (no member answers), those of `reason_of_end` (the engine
/// ends again and again), those of `HttpClient`, snapshot_not_found (nobody has one),
/// snapshot_invalid, node_stopping, those of the keys, the genesis and the store.
[[nodiscard]] Result<Repaired> repair_ledger(
    const Layout& layout, const Config& config, const Unlock& unlock,
    const std::vector<client::NodeAddress>& members,
    const std::function<bool(const RepairProgress& progress)>& go_on);

}  // namespace xl::node
