// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <filesystem>

#include "client/identity.h"
#include "crypto/keyfile.h"

namespace xl::client {

/// What opens an identity file: a passphrase, or an operator's 32-byte key. Views the caller's.
struct KeyProtection {
  crypto::keyfile::Protection protection{};
  ByteView secret;
};

/// The word of a kind (`patient`); and the kind of a word, nothing for another.
[[nodiscard]] std::string_view kind_word(contracts::PartyKind kind);
[[nodiscard]] std::optional<contracts::PartyKind> kind_of_word(std::string_view word);

/// Writes an identity as JSON: `{"schema": "xinglin/identity/v1", "name", "did", "kind",
/// "organisation", "roles", "key": base64 of a key file}`, readable by this user alone, durable.
/// Errors: those of sealing the key, file_unwritable.
[[nodiscard]] Status write_identity(const std::filesystem::path& path, const Identity& identity,
                                    const KeyProtection& protection);

/// Errors: file_unreadable, identity_file_invalid, keys_locked (the key wants the other kind of
/// protection), passphrase_wrong, operator_key_wrong (both name the file).
[[nodiscard]] Result<Identity> read_identity(const std::filesystem::path& path,
                                             const KeyProtection& protection);

/// Which protection the key in an identity file wants. Errors: as `read_identity`.
[[nodiscard]] Result<crypto::keyfile::Protection> protection_of(const std::filesystem::path& path);

}  // namespace xl::client
