// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>
#include <string>

#include "client/identity.h"

namespace xl::client {

/// The public half of an identity with the proof that its holder has the key: what somebody hands
/// to the institution that is to register them.
struct Card {
  model::Id did;
  contracts::PartyKind kind{};
  model::Id organisation;  ///< by whom it is to be registered
  crypto::Algorithm algorithm{};
  Bytes public_key;
  std::uint32_t purposes = 0;  ///< bits of contracts::Purpose
  Bytes proof;                 ///< suite ‖ signature, see contracts/identity/possession.h
};

/// The purposes of an own key of this kind: software signs, people manage themselves too.
[[nodiscard]] std::uint32_t own_purposes_of(contracts::PartyKind kind);

/// The card of an identity for the network `network`.
[[nodiscard]] Card make_card(const Identity& identity, const Hash& network);

/// `{"schema": "xinglin/identity-card/v1", did, kind, organisation, algorithm, public_key,
/// purposes, proof}`, base64 for bytes. Holds no name.
[[nodiscard]] std::string write_card(const Card& card);

/// Reads a card. Errors: input_invalid (names the field), json_invalid.
[[nodiscard]] Result<Card> read_card(std::string_view text);

/// Does the holder of the key ask to be registered like this on this network? Errors:
/// input_invalid.
[[nodiscard]] Status check_card(const Card& card, const Hash& network);

/// Fills `out` with the card's key.
void fill_new_key(const Card& card, xinglin::identity::v1::NewKey& out);

}  // namespace xl::client
