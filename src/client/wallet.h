// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "client/identity.h"
#include "credentials/sd_jwt.h"

namespace xl::client {

/// A credential that somebody holds.
struct Held {
  std::string id;    ///< how its holder names it: the first digits of its digest
  std::string text;  ///< SD-JWT, all disclosures
  Bytes salt;        ///< of its own key; empty: the identity's key
};

/// Somebody's credentials in a file, encrypted under a key derived from theirs. Each credential has
/// a key of its own, so that verifiers cannot tell by it that two are of one person; those that
/// sign records are bound to the key that the ledger has. Not thread-safe.
class Wallet {
 public:
  /// Reads the file, or begins an empty wallet where there is none. The identity outlives it.
  /// Errors: wallet_invalid (of another identity, altered), file_unreadable.
  [[nodiscard]] static Result<Wallet> open(const std::filesystem::path& path, const Identity& who);

  [[nodiscard]] const std::vector<Held>& all() const { return held_; }
  /// By its id or the beginning of it. Errors: credential_not_held.
  [[nodiscard]] Result<Held> find(std::string_view id) const;
  /// Keeps one and writes the file, durable, for this user alone. Its id.
  [[nodiscard]] Result<std::string> add(std::string text, Bytes salt);

  /// The key of a credential: the identity's, or one derived from it with the salt. Errors: those
  /// of key derivation.
  [[nodiscard]] Result<crypto::SigningKey> key_of(const Bytes& salt) const;
  /// A salt for a new credential's key.
  [[nodiscard]] static Bytes fresh_salt();

 private:
  Wallet(std::filesystem::path path, const Identity& who) : path_(std::move(path)), who_(&who) {}
  [[nodiscard]] Status write() const;

  std::filesystem::path path_;
  const Identity* who_;
  std::vector<Held> held_;
};

}  // namespace xl::client
