// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json/json.h"
#include "base/json/writer.h"
#include "contracts/credentials/view.h"
#include "crypto/signature.h"
#include "model/id.h"

/// Bitstring Status List v1.0 (W3C) of the lists that the ledger keeps.
namespace xl::credentials {

using contracts::credentials::StatusPurpose;

/// `revocation` or `suspension`.
[[nodiscard]] std::string_view purpose_word(StatusPurpose purpose);

/// A list's bits as the standard packs them: `u` and base64url of GZIP (§3.1).
[[nodiscard]] std::string encoded_list(ByteView bits);
/// Errors: credential_malformed (other encodings, shorter or longer than lists may be).
[[nodiscard]] Result<Bytes> decoded_list(std::string_view encoded);

/// The bit of an entry: the first one is the highest of the first byte. Precondition: within.
[[nodiscard]] bool bit_at(ByteView bits, std::uint32_t index);

/// Where a credential's status stands.
struct StatusPlace {
  StatusPurpose purpose{};
  model::Id list;
  std::uint32_t index = 0;
};

/// The URL of a list at a node: `{node}/o/{organisation}/credentials/status-lists/{list}`.
[[nodiscard]] std::string list_url(std::string_view issuer_url, const model::Id& list);

/// Writes `credentialStatus` of a credential: one BitstringStatusListEntry for each place.
void write_status(json::Writer& out, std::string_view issuer_url,
                  const std::vector<StatusPlace>& places);
/// Reads it: an object or an array of them, the list by the last segment of its URL. Errors:
/// credential_malformed (another kind of status, no list of this network).
[[nodiscard]] Result<std::vector<StatusPlace>> read_status(json::Value status);

/// What a status list credential says.
struct StatusListText {
  std::string url;
  model::Id issuer;
  StatusPurpose purpose{};
  Bytes bits;
  std::uint64_t as_of_ms = 0;  ///< of the block whose state it shows
  std::uint64_t until_ms = 0;  ///< from then on a verifier should fetch it anew
};

/// A BitstringStatusListCredential, secured as a JWT (VC-JOSE-COSE 1.0, `vc+jwt`). `kid` names the
/// issuer's key.
[[nodiscard]] std::string status_list_credential(const StatusListText& text, std::string_view kid,
                                                 const crypto::SigningKey& key);

}  // namespace xl::credentials
