// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "crypto/wrap.h"

#include <algorithm>
#include <string_view>

#include "base/check.h"
#include "crypto/aead.h"
#include "crypto/kdf.h"
#include "crypto/openssl_handles.h"
#include "crypto/suite.h"

namespace xl::crypto {
namespace {

// On-disk meaning: with another tag no existing wrap opens.
constexpr std::string_view x25519_tag = "xinglin/wrap-x25519/v1";
constexpr std::string_view kek_tag = "xinglin/wrap-kek/v1";
constexpr auto suite_byte = static_cast<std::uint8_t>(Suite::international);

detail::Handle<EVP_PKEY> x25519_private(ByteView secret) {
  detail::Handle<EVP_PKEY> key(
      EVP_PKEY_new_raw_private_key_ex(nullptr, "X25519", nullptr, secret.data(), secret.size()));
  XL_CHECK(key != nullptr);
  return key;
}

bool is_wrappable(ByteView key) {
  return key.size() >= wrapped_key_bytes_min && key.size() <= wrapped_key_bytes_max;
}

Bytes tagged_context(std::string_view tag, std::initializer_list<ByteView> parts) {
  Bytes out = copy_of(view_of(tag));
  out.push_back(0x00);
  out.push_back(suite_byte);
  for (const ByteView part : parts) append(out, part);
  return out;
}

/// The GCM key of one wrap.
Result<SecretBytes> derive_wrap_key(ByteView own_secret, ByteView other_public, ByteView ephemeral,
                                    ByteView recipient, ByteView context) {
  XL_TRY_ASSIGN(const SecretBytes shared, x25519(own_secret, other_public));
  const Bytes info = tagged_context(x25519_tag, {ephemeral, recipient, context});
  return hkdf({}, shared.view(), info, aead::key_bytes);
}

}  // namespace

Result<SecretBytes> x25519(ByteView secret, ByteView public_key) {
  if (secret.size() != x25519_key_bytes || public_key.size() != x25519_key_bytes) {
    return make_error(ErrorCode::key_malformed, "X25519 length");
  }
  const detail::Handle<EVP_PKEY> own = x25519_private(secret);
  const detail::Handle<EVP_PKEY> other(EVP_PKEY_new_raw_public_key_ex(
      nullptr, "X25519", nullptr, public_key.data(), public_key.size()));
  XL_CHECK(other != nullptr);
  const detail::Handle<EVP_PKEY_CTX> context(
      EVP_PKEY_CTX_new_from_pkey(nullptr, own.get(), nullptr));
  XL_CHECK(context != nullptr);
  XL_CHECK(EVP_PKEY_derive_init(context.get()) == 1);
  XL_CHECK(EVP_PKEY_derive_set_peer(context.get(), other.get()) == 1);
  SecretBytes shared(x25519_key_bytes);
  std::size_t length = shared.size();
  const bool derived = EVP_PKEY_derive(context.get(), shared.mutable_view().data(), &length) == 1;
  // OpenSSL refuses the all-zero secret itself; checked again, since all privacy rests on it.
  static constexpr std::uint8_t zeros[x25519_key_bytes] = {};
  if (!derived || length != shared.size() || equal_constant_time(shared.view(), zeros)) {
    return make_error(ErrorCode::key_malformed, "X25519 point of small order");
  }
  return shared;
}

Result<Bytes> wrap_for(ByteView recipient_public_key, ByteView key, ByteView context) {
  if (!is_wrappable(key)) return make_error(ErrorCode::key_malformed, "wrapped key's length");
  const WrappingKey ephemeral = WrappingKey::generate();
  XL_TRY_ASSIGN(const SecretBytes gcm_key,
                derive_wrap_key(ephemeral.secret(), recipient_public_key, ephemeral.public_key(),
                                recipient_public_key, context));
  const Bytes sealed = aead::seal(gcm_key.view(), key, {});
  Bytes wrapped = {suite_byte};
  append(wrapped, ephemeral.public_key());
  append(wrapped, ByteView(sealed).subspan(1));
  return wrapped;
}

Result<Bytes> wrap_key(ByteView kek, ByteView key, ByteView context) {
  if (kek.size() != aead::key_bytes || !is_wrappable(key)) {
    return make_error(ErrorCode::key_malformed, "wrapped key's length");
  }
  return aead::seal(kek, key, tagged_context(kek_tag, {context}));
}

Result<SecretBytes> unwrap_key(ByteView kek, ByteView wrapped, ByteView context) {
  if (kek.size() != aead::key_bytes) return make_error(ErrorCode::key_malformed, "kek length");
  if (wrapped.size() < aead::overhead_bytes + wrapped_key_bytes_min ||
      wrapped.size() > aead::overhead_bytes + wrapped_key_bytes_max) {
    return make_error(ErrorCode::decryption_failed, "length");
  }
  return aead::open_secret(kek, wrapped, tagged_context(kek_tag, {context}));
}

WrappingKey::WrappingKey(SecretBytes secret) : secret_(std::move(secret)) {
  const detail::Handle<EVP_PKEY> key = x25519_private(secret_.view());
  public_key_.resize(x25519_key_bytes);
  std::size_t length = public_key_.size();
  XL_CHECK(EVP_PKEY_get_raw_public_key(key.get(), public_key_.data(), &length) == 1);
  XL_CHECK(length == x25519_key_bytes);
}

WrappingKey WrappingKey::generate() { return WrappingKey(SecretBytes::random(x25519_key_bytes)); }

Result<WrappingKey> WrappingKey::from_secret(ByteView secret) {
  if (secret.size() != x25519_key_bytes) return make_error(ErrorCode::key_malformed, "length");
  return WrappingKey(SecretBytes::copy_of(secret));
}

Result<SecretBytes> WrappingKey::unwrap(ByteView wrapped, ByteView context) const {
  if (wrapped.size() < wrap_overhead_bytes + wrapped_key_bytes_min ||
      wrapped.size() > wrap_overhead_bytes + wrapped_key_bytes_max) {
    return make_error(ErrorCode::decryption_failed, "length");
  }
  if (wrapped[0] != suite_byte) return make_error(ErrorCode::algorithm_unknown);
  const ByteView ephemeral = wrapped.subspan(1, x25519_key_bytes);
  Result<SecretBytes> gcm_key =
      derive_wrap_key(secret_.view(), ephemeral, ephemeral, public_key_, context);
  // A bad ephemeral key is an altered wrap, not a bad key of the caller's.
  if (!gcm_key.ok()) return make_error(ErrorCode::decryption_failed);
  Bytes sealed = {suite_byte};
  append(sealed, wrapped.subspan(1 + x25519_key_bytes));
  return aead::open_secret(gcm_key->view(), sealed, {});
}

}  // namespace xl::crypto
