// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>
#include <vector>

#include "contracts/identity/view.h"
#include "crypto/signature.h"
#include "model/id.h"

namespace xl::client {

/// An organisation that a member brings into a network.
struct CardOrganisation {
  model::Id did;
  std::string name;  ///< 1..128 bytes, public
  contracts::identity::OrganisationType type{};
  Bytes service_key;  ///< public, Ed25519: signs in its name and manages its keys

  bool operator==(const CardOrganisation&) const = default;
};

/// What a founder shows the others: public keys and names, made on its own machine, signed by each
/// of the keys it names. No secret ever leaves that machine.
struct MemberCard {
  std::string network;  ///< short name of the network to be founded: 1..24 of a-z 0-9 -
  std::vector<CardOrganisation> organisations;  ///< 1..64; the first one speaks for the member
  Bytes envelope_key;                           ///< public keys, 32 bytes each, Ed25519
  Bytes validator_key;
  bool validator_outside = false;  ///< an outside signer has the validator's key: it signs no card
  Bytes peer_key;
  std::string address;   ///< host:port where other members' engines reach this one's
  std::string gateway;   ///< http(s)://host[:port] of its gateway, or empty: it tells none
  bool archive = false;  ///< it keeps every block
  std::uint64_t made_ms = 0;

  bool operator==(const MemberCard&) const = default;

  /// What identifies the member among the others.
  [[nodiscard]] const model::Id& did() const { return organisations.front().did; }
};

/// The keys that sign a card: of each organisation, then envelope, validator (unless it is outside)
/// and peer.
using CardSigners = std::vector<const crypto::SigningKey*>;

/// The card's own bytes, one text for one card: what is signed and what a genesis is derived from.
[[nodiscard]] std::string member_card_content(const MemberCard& card);

/// The card as a file, signed. Precondition: `signers` are the keys that the card names.
[[nodiscard]] std::string write_member_card(const MemberCard& card, const CardSigners& signers);

/// Reads a card and checks every signature. Errors: card_invalid (names what is wrong).
[[nodiscard]] Result<MemberCard> read_member_card(ByteView file);

/// Why a name cannot be a network's, an address no engine's, a URL no gateway's; nothing when it
/// can. Errors: usage_invalid.
[[nodiscard]] Status check_network_name(std::string_view name);
[[nodiscard]] Status check_address(std::string_view address);
[[nodiscard]] Status check_gateway(std::string_view url);

}  // namespace xl::client
