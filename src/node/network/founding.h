// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <filesystem>

#include "node/network/card.h"
#include "ordering/cometbft/home.h"

namespace xl::node {

/// How many blocks back a proof that somebody broke the rules of voting may point (consensus
/// parameter `evidence.max_age_num_blocks`).
constexpr std::uint64_t evidence_age_blocks = 100'000;

/// The genesis that a set of cards gives: the same bytes for every founder, whatever the order of
/// the cards. Nobody else takes part. `engine_fixed`: of a network that orders alone, whose
/// validators no vote can change. Errors: card_invalid (cards of different networks, an
/// organisation, key or address twice, more than 64 members).
[[nodiscard]] Result<std::string> found_network(std::vector<MemberCard> cards,
                                                bool engine_fixed = false);

/// The engines of the other members: all of `cards` but that of `self`.
[[nodiscard]] std::vector<ordering::cometbft::Peer> peers_of(const std::vector<MemberCard>& cards,
                                                             const model::Id& self);

/// A founder's word that this is the genesis: its first organisation's key over the network's id.
struct FoundingSignature {
  model::Id member;
  Hash network{};
  Bytes signature;
};

/// Signs. `service_key` is the first organisation's, `network` the id of the genesis.
[[nodiscard]] FoundingSignature sign_founding(const model::Id& member, const Hash& network,
                                              const crypto::SigningKey& service_key);
/// The signature as a file, JSON.
[[nodiscard]] std::string write_founding_signature(const FoundingSignature& signature);
/// Reads such a file; nothing is verified. Errors: founding_signature_invalid.
[[nodiscard]] Result<FoundingSignature> read_founding_signature(ByteView file);

/// Is this one founder's word for this genesis? Errors: founding_signature_invalid.
[[nodiscard]] Status check_signature(const FoundingSignature& signature,
                                     const std::vector<MemberCard>& cards, const Hash& network);

/// Names the founders whose signature files are not in `folder`, with commas; empty: none is
/// missing. Errors: founding_signature_invalid (another genesis, a stranger, a wrong signature),
/// file_unreadable.
[[nodiscard]] Result<std::string> missing_founders(const std::filesystem::path& folder,
                                                   const std::vector<MemberCard>& cards,
                                                   const Hash& network);

}  // namespace xl::node
