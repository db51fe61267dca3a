// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "client/identity_file.h"
#include "crypto/keyfile.h"
#include "crypto/signature.h"
#include "vault/keyring.h"

namespace xl::node {

/// What opens a node's key files: a passphrase or an operator's key, never from an argument or the
/// environment, always from a file or the terminal.
class Unlock {
 public:
  [[nodiscard]] static Unlock with_passphrase(crypto::SecretBytes passphrase);
  [[nodiscard]] static Unlock with_operator_key(crypto::SecretBytes key);

  /// True for the same passphrase or the same key. Constant time.
  [[nodiscard]] bool is_same_as(const Unlock& other) const {
    return protection_ == other.protection_ &&
           crypto::equal_constant_time(secret_.view(), other.secret_.view());
  }

  /// Writes a secret, durable, readable by this user alone. Errors: those of `keyfile::seal…`,
  /// file_unwritable.
  [[nodiscard]] Status save(const std::filesystem::path& path, crypto::keyfile::Kind kind,
                            ByteView secret) const;
  /// Errors: file_unreadable, keys_locked (the file wants the other kind), passphrase_wrong,
  /// operator_key_wrong (both name the file), keyfile_malformed.
  [[nodiscard]] Result<crypto::SecretBytes> load(const std::filesystem::path& path,
                                                 crypto::keyfile::Kind kind) const;
  /// `load` of a file of any kind. Errors: as `load`.
  struct Loaded {
    crypto::keyfile::Kind kind{};
    crypto::SecretBytes secret;
  };
  [[nodiscard]] Result<Loaded> load_any(const std::filesystem::path& path) const;
  /// The same once more, for whoever outlives this object.
  [[nodiscard]] Unlock copy() const {
    return {protection_, crypto::SecretBytes::copy_of(secret_.view())};
  }
  /// The same for keyrings; views this object.
  [[nodiscard]] vault::Unlock for_vault() const;
  /// `load` of an Ed25519 key.
  [[nodiscard]] Result<crypto::SigningKey> load_signing_key(
      const std::filesystem::path& path) const;
  /// The same for the client's files; views this object.
  [[nodiscard]] client::KeyProtection for_identities() const {
    return {protection_, secret_.view()};
  }

 private:
  Unlock(crypto::keyfile::Protection protection, crypto::SecretBytes secret)
      : protection_(protection), secret_(std::move(secret)) {}
  crypto::keyfile::Protection protection_;
  crypto::SecretBytes secret_;
};

}  // namespace xl::node
