// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "contracts/identity/locator.h"
#include "gateway/peer/desk.h"

/// Breaking the glass at a custodian on another node, and finding somebody who cannot say who they
/// are: no index of identifiers spans the network, each custodian looks among its own patients.
namespace xl::gateway::peer {

constexpr std::size_t identifiers_max = 8;
constexpr std::size_t identifier_bytes_max = 256;

/// The custodian's side of a Declare: keeps the reason sealed and sends the declaration. Errors:
/// message_malformed, those of `AccessDesk::declare_emergency`.
[[nodiscard]] Result<Bytes> answer_declare(custody::Organisation& of, const Heard& heard);

/// The custodian's side of a Find. Errors: message_malformed, sign_in_refused, those of
/// `AccessDesk::find_person`.
[[nodiscard]] Result<Bytes> answer_find(custody::Organisation& of, const auth::Tokens& tokens,
                                        const Heard& heard);

/// Declares at `custodian`, on whichever node it is. Errors: those of `Desk::ask`.
[[nodiscard]] Result<model::HistoryEntry> declare_at(
    Desk& desk, custody::Organisation& us, const model::Id& custodian, const Bytes& transaction,
    const xinglin::access::v1::EmergencyReason& reason);

/// One identifier of a person, as documents have it.
struct PersonIdentifier {
  std::string system;  ///< at most `identifier_bytes_max`; empty: any
  std::string value;   ///< 1..`identifier_bytes_max`
};

/// What came of asking every custodian of the network.
struct FoundPerson {
  std::vector<contracts::identity::Place> places;
  std::vector<model::Id> missing;  ///< custodians that did not answer, or refused
};

/// Asks every custodian that a gateway lists, ours too, whether it knows the person. Never an
/// error: who does not answer is named.
[[nodiscard]] FoundPerson find_everywhere(Desk& desk, custody::Custody& custody,
                                          custody::Organisation& us, const custody::Ask& ask,
                                          std::span<const PersonIdentifier> identifiers);

}  // namespace xl::gateway::peer
