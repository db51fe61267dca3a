// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "contracts/identity/state.pb.h"
#include "crypto/jws.h"
#include "model/id.h"

/// DIDs and their documents (W3C DID Core 1.0; docs/reference/did.md).
namespace xl::credentials {

constexpr std::string_view did_key_prefix = "did:key:";
constexpr std::size_t did_bytes_max = 256;

/// A key that the ledger holds of a party.
struct PartyKey {
  Hash id{};
  xinglin::identity::v1::KeyRecord record;
};

/// What the ledger says of a party, of which its document is made.
struct Party {
  model::Id did;
  xinglin::identity::v1::PartyRecord record;
  std::vector<PartyKey> keys;  ///< that were not revoked, ascending by id; no session keys
  std::string gateway;         ///< of a member's organisation, as governance has it; may be empty
};

/// The forms in which a document is given (DID Core §6).
enum class DidForm : std::uint8_t { json, json_ld };

/// The document of a party at `now_ms`: keys that are active then by their powers, the agreement
/// key, whose it is, for organisations with a gateway the services there. Nothing but the DID for a
/// party that was deactivated. The same records give the same bytes.
[[nodiscard]] std::string did_document(const Party& party, std::uint64_t now_ms, DidForm form);

/// The document of a `did:key` (Ed25519, P-256). Errors: did_invalid.
[[nodiscard]] Result<std::string> did_key_document(std::string_view did, DidForm form);

/// The key that a `did:key` is. Errors: did_invalid.
[[nodiscard]] Result<crypto::JwsKey> key_of_did_key(std::string_view did);
/// The `did:key` of a key. Precondition: Ed25519 or P-256.
[[nodiscard]] std::string did_key_of(const crypto::JwsKey& key);

/// `did:xinglin:…#…`: how a key of a party is named in documents and credentials.
[[nodiscard]] std::string key_url(const model::Id& did, const Hash& key_id);
/// The DID and the key that such a name is of; nothing for another text.
struct KeyUrl {
  model::Id did;
  Hash key_id{};
};
[[nodiscard]] std::optional<KeyUrl> read_key_url(std::string_view text);

/// True for the syntax of DID Core §3.1: `did:` method `:` id, without path, query and fragment.
[[nodiscard]] bool is_did(std::string_view text);

/// A digest of a document, by which its versions are told apart (DID Core §7.3, versionId).
[[nodiscard]] std::string version_of_document(std::string_view document);

}  // namespace xl::credentials
