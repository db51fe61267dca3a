// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/smart/server.h"

#include "crypto/kdf.h"

namespace xl::gateway::smart {
namespace {

/// The key with which an organisation's server signs id tokens: derived, so that it is the same
/// after a restart and nothing else is to be kept. Errors: those of the keyring.
Result<crypto::SigningKey> id_token_key_of(vault::Keyring& keyring) {
  XL_TRY_ASSIGN(const crypto::SecretBytes secret, keyring.organisation_key("id-token"));
  // One in 2^32 is no scalar of the curve: then the next is taken.
  for (std::uint8_t counter = 0;; ++counter) {
    XL_TRY_ASSIGN(const crypto::SecretBytes scalar,
                  crypto::hkdf_expand(secret.view(), ByteView(&counter, 1), 32));
    auto key = crypto::SigningKey::from_secret(crypto::Algorithm::p256, scalar.view());
    if (key.ok() || counter == 16) return key;
  }
}

}  // namespace

Result<std::unique_ptr<Server>> Server::open(custody::Custody& custody, auth::Tokens& tokens,
                                             const std::filesystem::path& folder,
                                             Settings settings) {
  std::unique_ptr<Server> out(new Server(tokens, std::move(settings)));
  XL_TRY(vault::make_private_directory(folder));
  for (const auto& organisation : custody.organisations()) {
    vault::Keyring& keyring = organisation->stores().keyring();
    XL_TRY_ASSIGN(const crypto::SecretBytes key, keyring.organisation_key(registry_key_purpose));
    XL_TRY_ASSIGN(auto registry,
                  Registry::open(folder / (organisation->did().text() + ".db"), key.view()));
    XL_TRY_ASSIGN(crypto::SigningKey id_token_key, id_token_key_of(keyring));
    const Hash id = model::key_id_of(id_token_key.algorithm(), id_token_key.public_key());
    out->houses_.emplace(organisation->did(), House{std::move(registry), std::move(id_token_key),
                                                    to_base64url(ByteView(id).first(12))});
  }
  return out;
}

House& Server::house(const model::Id& organisation) {
  const auto found = houses_.find(organisation);
  XL_CHECK(found != houses_.end());
  return found->second;
}

const Provider* Server::provider(const model::Id& organisation) const {
  const auto found = settings_.providers.find(organisation);
  return found == settings_.providers.end() ? nullptr : &found->second;
}

}  // namespace xl::gateway::smart
