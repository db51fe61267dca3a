// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>
#include <vector>

#include "model/genesis.h"
#include "node/layout.h"
#include "ordering/cometbft/home.h"

namespace xl::node {

/// A present member, as the ledger of a folder or its genesis lists it.
struct ListedMember {
  model::Id organisation;
  std::string name;     ///< its organisation's; public
  std::string peer_id;  ///< of its engine: 40 lower-case hexadecimal digits
  std::string address;  ///< of its engine: host:port
  std::string gateway;  ///< http(s)://host[:port], or empty: it tells none
  bool archive = false;
  bool self = false;   ///< this folder's own
  bool moved = false;  ///< it told another engine address since it is a member
};

/// Who the members are, without a node that runs.
struct Roster {
  bool of_ledger = false;  ///< else of the genesis: the ledger could not be read, or is not there
  std::vector<ListedMember> members;
};

/// Reads the members from the ledger in the folder, which is not changed and may be another
/// process's, else from the genesis. Nothing of it is proved: what comes from those addresses is to
/// be checked. Cost: opens the store.
[[nodiscard]] Roster read_roster(const Layout& layout, const model::Genesis& genesis);

/// Where a member's engine is called: at the address of `settings` where it is named there and did
/// not move since.
[[nodiscard]] std::string address_to_dial(const ListedMember& member,
                                          const std::vector<ordering::cometbft::Peer>& settings);

}  // namespace xl::node
