// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "contracts/api/contract.h"
#include "crypto/signature.h"
#include "model/id.h"

namespace xinglin::identity::v1 {
class NewKey;
}

namespace xl::client {

/// Somebody with the key that signs for it.
struct Identity {
  std::string name;  ///< for people; it stays on this side
  model::Id did;
  contracts::PartyKind kind{};
  /// For whom: of a practitioner the employer, of a patient or guardian the custodian, of software
  /// and of an organisation the organisation.
  model::Id organisation;
  crypto::SigningKey key;
  /// Practitioners: in which roles they sign in (identity view.h Role), ascending.
  std::vector<std::uint32_t> roles;
};

/// A fresh DID with a fresh Ed25519 key.
[[nodiscard]] Identity make_identity(std::string name, contracts::PartyKind kind,
                                     const model::Id& organisation);

/// A random id.
[[nodiscard]] model::Id random_id();

/// Bytes as protobuf's `bytes` fields take them.
[[nodiscard]] std::string bytes_of(ByteView bytes);

/// suite ‖ H(fresh salt ‖ text): a commitment to something that the caller does not keep to open.
[[nodiscard]] Bytes committed(std::string_view text);
/// The same; `salt` receives what opens it later.
[[nodiscard]] Bytes committed(std::string_view text, Hash& salt);

/// Fills `out` with a key of `party` for `purposes` and the proof that its holder has it, for the
/// network `network`. `not_after_ms` 0: no end.
void fill_new_key(const Hash& network, const model::Id& party, const crypto::SigningKey& key,
                  std::uint32_t purposes, std::uint64_t not_after_ms,
                  xinglin::identity::v1::NewKey& out);

}  // namespace xl::client
