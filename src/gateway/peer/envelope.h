// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>

#include "custody/custody.h"

/// What passes between the nodes of two organisations: sealed for one by its agreement key on the
/// ledger, signed by the other with its key on the ledger. Whoever carries it learns who speaks to
/// whom, when, and how much.
namespace xl::gateway::peer {

/// What one organisation asks another.
enum class PeerKind : std::uint8_t {
  answer = 0,
  fetch = 1,    ///< a patient's records
  keep = 2,     ///< copies of the asker's ciphertexts
  have = 3,     ///< which of them are here
  give = 4,     ///< some of them back
  drop = 5,     ///< some of them no longer
  declare = 6,  ///< the glass is broken about a patient of the one who is asked
  find = 7,     ///< who is this person, about whom it is broken?
  locate = 8,   ///< where are the records of who gave this handle?
  wish = 9,     ///< a patient of the one who is asked may consent
  look = 10,    ///< how that stands
};

constexpr std::size_t request_bytes_max = 24U << 20U;
/// How far two nodes' clocks may be apart.
constexpr std::uint64_t clock_skew_ms = 120'000;

/// What is said, and to whom.
struct Saying {
  model::Id to;
  Hash about{};  ///< of an answer: SHA-256 of the request
  PeerKind kind{};
  ByteView payload;
};

/// Seals and signs in the name of the organisation of `stores`. Errors: peer_key_missing.
[[nodiscard]] Result<std::string> write_envelope(custody::Stores& stores,
                                                 const custody::LedgerPort& port,
                                                 const Saying& saying);

/// What was said to an organisation.
struct Heard {
  model::Id from;
  model::Signer key;  ///< of the sender
  Hash about{};
  PeerKind kind{};
  std::uint64_t height = 0;  ///< of the sender's ledger, which has all that is said
  Bytes payload;
  Hash digest{};  ///< SHA-256 of the envelope
};

/// Opens what is for the organisation of `stores`: signed by an own key of an organisation that is
/// active, and of this time. Whether it was seen before is the caller's to know. Errors:
/// peer_request_refused.
[[nodiscard]] Result<Heard> read_envelope(custody::Stores& stores, const custody::LedgerPort& port,
                                          std::string_view raw);

}  // namespace xl::gateway::peer
