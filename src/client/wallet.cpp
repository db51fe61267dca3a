// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "client/wallet.h"

#include <algorithm>

#include "base/file.h"
#include "base/json/writer.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"
#include "crypto/random.h"

namespace xl::client {
namespace {

constexpr std::uint64_t wallet_bytes_max = 16U << 20U;
constexpr std::size_t held_max = 500;
constexpr std::size_t salt_bytes = 16;
constexpr std::string_view wallet_info = "xinglin/wallet/v1";
constexpr std::string_view holder_info = "xinglin/holder-key/v1";

Error bad_wallet() { return make_error(ErrorCode::wallet_invalid); }

Result<crypto::SecretBytes> wallet_key(const Identity& who) {
  return crypto::hkdf({}, who.key.secret(), view_of(wallet_info), crypto::aead::key_bytes);
}

Bytes wallet_context(const Identity& who) {
  Bytes out = copy_of(view_of(wallet_info));
  append(out, who.did.view());
  return out;
}

std::string held_id(std::string_view text) {
  return to_hex(ByteView(crypto::sha256(view_of(text.substr(0, text.find('~'))))).first(8));
}

}  // namespace

Result<Wallet> Wallet::open(const std::filesystem::path& path, const Identity& who) {
  Wallet out(path, who);
  std::error_code failure;
  if (!std::filesystem::exists(path, failure)) return out;
  XL_TRY_ASSIGN(const Bytes sealed, read_file(path, wallet_bytes_max));
  XL_TRY_ASSIGN(const crypto::SecretBytes key, wallet_key(who));
  const auto plain = crypto::aead::open(key.view(), sealed, wallet_context(who));
  if (!plain.ok()) return bad_wallet();
  const auto document = json::parse(text_of(*plain), {});
  if (!document.ok()) return bad_wallet();
  for (const json::Value one : document->root().find("credentials").items()) {
    Held held;
    held.text = one.find("text").as_string().value_or("");
    held.id = held_id(held.text);
    if (!from_base64(one.find("salt").as_string().value_or("*"), held.salt)) return bad_wallet();
    out.held_.push_back(std::move(held));
  }
  return out;
}

Result<Held> Wallet::find(std::string_view id) const {
  const auto starts = [&](const Held& one) { return one.id.starts_with(id); };
  const auto count = std::count_if(held_.begin(), held_.end(), starts);
  if (id.empty() || count != 1) return make_error(ErrorCode::credential_not_held);
  return *std::find_if(held_.begin(), held_.end(), starts);
}

Result<std::string> Wallet::add(std::string text, Bytes salt) {
  if (held_.size() >= held_max) return bad_wallet();
  Held held{held_id(text), std::move(text), std::move(salt)};
  const std::string id = held.id;
  std::erase_if(held_, [&](const Held& one) { return one.id == id; });
  held_.push_back(std::move(held));
  XL_TRY(write());
  return id;
}

Result<crypto::SigningKey> Wallet::key_of(const Bytes& salt) const {
  if (salt.empty()) {
    return crypto::SigningKey::from_secret(who_->key.algorithm(), who_->key.secret());
  }
  XL_TRY_ASSIGN(const crypto::SecretBytes secret,
                crypto::hkdf(salt, who_->key.secret(), view_of(holder_info), 32));
  return crypto::SigningKey::from_secret(crypto::Algorithm::ed25519, secret.view());
}

Bytes Wallet::fresh_salt() {
  Bytes out(salt_bytes);
  crypto::random_bytes(out);
  return out;
}

Status Wallet::write() const {
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/wallet/v1").key("credentials").begin_array();
  for (const Held& one : held_) {
    out.begin_object().key("text").string(one.text);
    out.key("salt").string(to_base64(one.salt)).end_object();
  }
  const std::string plain = out.end_array().end_object().take();
  XL_TRY_ASSIGN(const crypto::SecretBytes key, wallet_key(*who_));
  return write_file_durably(
      path_, crypto::aead::seal(key.view(), view_of(plain), wallet_context(*who_)), 0600);
}

}  // namespace xl::client
