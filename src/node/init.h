// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "contracts/identity/view.h"
#include "node/keys.h"
#include "node/layout.h"
#include "node/network/card.h"

namespace xl::node {

using OrganisationType = contracts::identity::OrganisationType;

/// Reads `hospital`, `insurer`, …; nothing for another word.
[[nodiscard]] std::optional<OrganisationType> organisation_type_of(std::string_view word);

/// An organisation that a new network starts with.
struct NewOrganisation {
  std::string name;  ///< 1..128 bytes, public
  OrganisationType type{};
};

/// Adds organisations written as `NAME:TYPE`, the type behind the last colon. Errors:
/// usage_invalid (lists the types).
[[nodiscard]] Status parse_organisations(const std::vector<std::string>& texts,
                                         std::vector<NewOrganisation>& out);

/// A member to be, of a network to be.
struct NewMember {
  std::string network_name;                    ///< see `check_network_name`
  std::vector<NewOrganisation> organisations;  ///< 1..64; the first speaks for the member
  std::string address = "127.0.0.1:26656";     ///< where others reach its engine: host:port
  std::string gateway = {};  ///< http(s)://host[:port] of its gateway, or empty: it tells none
  bool archive = false;      ///< it keeps every block
  /// Public key of an outside signer's validator key, 32 bytes; nothing: the key is made here.
  std::optional<Bytes> outside_validator = {};
};

/// Makes a member's keys in `layout.root`, and its card, which is also kept there. The node can run
/// once there is a genesis. Errors: data_folder_exists, usage_invalid (names, numbers, address),
/// file_unwritable.
[[nodiscard]] Result<MemberCard> make_member(const Layout& layout, const NewMember& member,
                                             const Unlock& unlock, const Clock& clock);

/// Makes a node that keeps a network alone (engine solo): a member, and the genesis of its card
/// alone. Errors: those of `make_member`.
[[nodiscard]] Status init_solo(const Layout& layout, const NewMember& member, const Unlock& unlock,
                               const Clock& clock);

}  // namespace xl::node
