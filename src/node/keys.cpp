// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/keys.h"

#include "base/file.h"

namespace xl::node {

namespace keyfile = crypto::keyfile;

Unlock Unlock::with_passphrase(crypto::SecretBytes passphrase) {
  return {keyfile::Protection::passphrase, std::move(passphrase)};
}

Unlock Unlock::with_operator_key(crypto::SecretBytes key) {
  return {keyfile::Protection::operator_key, std::move(key)};
}

Status Unlock::save(const std::filesystem::path& path, keyfile::Kind kind, ByteView secret) const {
  auto sealed = protection_ == keyfile::Protection::passphrase
                    ? keyfile::seal_with_passphrase(kind, secret, text_of(secret_.view()))
                    : keyfile::seal_with_operator_key(kind, secret, secret_.view());
  if (!sealed.ok()) return sealed.error();
  return write_file_durably(path, *sealed, 0600);
}

Result<Unlock::Loaded> Unlock::load_any(const std::filesystem::path& path) const {
  XL_TRY_ASSIGN(const Bytes file, read_file(path, keyfile::file_bytes));
  XL_TRY_ASSIGN(const keyfile::Header header, keyfile::inspect(file));
  if (header.protection != protection_) return make_error(ErrorCode::keys_locked, path.string());
  auto secret = protection_ == keyfile::Protection::passphrase
                    ? keyfile::open_with_passphrase(file, text_of(secret_.view()))
                    : keyfile::open_with_operator_key(file, secret_.view());
  if (!secret.ok()) return make_error(secret.error().code, path.string());
  return Loaded{header.kind, std::move(*secret)};
}

Result<crypto::SecretBytes> Unlock::load(const std::filesystem::path& path,
                                         keyfile::Kind kind) const {
  XL_TRY_ASSIGN(Loaded loaded, load_any(path));
  if (loaded.kind != kind) return make_error(ErrorCode::keyfile_malformed, path.string());
  return std::move(loaded.secret);
}

vault::Unlock Unlock::for_vault() const {
  vault::Unlock out;
  if (protection_ == keyfile::Protection::passphrase) {
    out.passphrase = text_of(secret_.view());
  } else {
    out.operator_key = secret_.view();
  }
  return out;
}

Result<crypto::SigningKey> Unlock::load_signing_key(const std::filesystem::path& path) const {
  XL_TRY_ASSIGN(const crypto::SecretBytes secret, load(path, keyfile::Kind::ed25519));
  return crypto::SigningKey::from_secret(crypto::Algorithm::ed25519, secret.view());
}

}  // namespace xl::node
