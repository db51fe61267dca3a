// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "model/genesis.h"
#include "node/keys.h"
#include "node/layout.h"
#include "node/network/founding.h"

namespace xl::node {

/// The largest card or signature that is read.
constexpr std::uint64_t founding_file_bytes_max = 256 * 1024;

/// How a founder's node is to run.
struct FoundingSettings {
  std::filesystem::path engine;  ///< the CometBFT program
  std::uint16_t port = 7410;     ///< of the gateway; 0 takes a free one
  bool same_address = false;     ///< all members are on one machine
  std::string signer = {};       ///< where the engine listens for an outside signer, or empty
  /// Blocks between two snapshots; 0: as many as it is by default.
  std::uint64_t snapshot_every = 0;
};

/// How far a founding has come, as this member sees it.
struct Founding {
  Hash network{};
  std::size_t members = 0;
  std::string missing;  ///< names of those who have not signed; empty: complete
  std::filesystem::path own_signature;
};

/// Where the engine is looked for: `engine/cometbft` beside this program.
[[nodiscard]] std::filesystem::path default_engine();

/// Makes genesis and configuration in the folder of a member that made a card there, and signs the
/// genesis. Once made it is never another. Errors: those of `read_card` and `found_network`,
/// card_invalid (this member's own card is missing or another), data_folder_missing,
/// genesis_not_of_cards (there is another genesis already), file_unwritable.
[[nodiscard]] Result<Founding> found_from_cards(const Layout& layout,
                                                const std::vector<std::filesystem::path>& cards,
                                                const FoundingSettings& settings,
                                                const Unlock& unlock);

/// Adds other founders' signatures. Errors: founding_signature_invalid, card_invalid, those of
/// files.
[[nodiscard]] Result<Founding> accept_signatures(const Layout& layout,
                                                 const std::vector<std::filesystem::path>& files);

/// Everybody's cards; none where one member founded alone. Errors: card_invalid, those of files.
[[nodiscard]] Result<std::vector<MemberCard>> founders_of(const Layout& layout);

/// What a newcomer needs to follow this member's network: genesis, the founders' cards and
/// signatures, and where this member's engine is. Errors: data_folder_missing, those of files.
[[nodiscard]] Result<std::string> write_invitation(const Layout& layout);

/// Makes the folder of a member that made a card there a node of the network it is invited to. What
/// the founders signed is checked; the inviting member needs no trust. Errors: invitation_invalid
/// (what is wrong), data_folder_missing (no card), data_folder_exists, those of `check_founded`,
/// file_unwritable. Returns the network's id.
[[nodiscard]] Result<Hash> join_network(const Layout& layout, ByteView invitation,
                                        const FoundingSettings& settings);

/// The largest invitation that is read.
constexpr std::uint64_t invitation_bytes_max = 32 * 1024 * 1024;

/// May a node with this genesis run? One founded alone may; of several founders each must have
/// signed what their cards give. Errors: genesis_not_of_cards, founding_incomplete,
/// founding_signature_invalid, card_invalid, those of files.
[[nodiscard]] Status check_founded(const Layout& layout, const model::Genesis& genesis);

}  // namespace xl::node
