// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "crypto/signature.h"

#include <optional>

#include "base/check.h"
#include "crypto/ed25519.h"
#include "crypto/p256.h"
#include "crypto/secret.h"
#include "crypto/webauthn.h"

namespace xl::crypto {
namespace {

constexpr std::size_t secret_bytes = 32;

}  // namespace

Status check_public_key(Algorithm algorithm, ByteView key) {
  bool well_formed = false;
  switch (algorithm) {
    case Algorithm::ed25519:
      well_formed = detail::is_ed25519_key(key);
      break;
    case Algorithm::p256:
      well_formed = detail::is_p256_key(key);
      break;
    case Algorithm::webauthn_p256:
      well_formed = key.size() > detail::p256_key_bytes &&
                    detail::is_p256_key(key.first(detail::p256_key_bytes)) &&
                    webauthn::is_rp_id(text_of(key.subspan(detail::p256_key_bytes)));
      break;
    default:
      return make_error(ErrorCode::algorithm_unknown);
  }
  if (!well_formed) return make_error(ErrorCode::key_malformed);
  return {};
}

bool verify(Algorithm algorithm, ByteView key, ByteView message, ByteView signature) {
  if (signature.empty() || signature[0] != static_cast<std::uint8_t>(Suite::international)) {
    return false;
  }
  const ByteView own_bytes = signature.subspan(1);
  switch (algorithm) {
    case Algorithm::ed25519:
      return detail::verify_ed25519(key, message, own_bytes);
    case Algorithm::p256:
      return detail::verify_p256(key, message, own_bytes);
    case Algorithm::webauthn_p256:
      return webauthn::verify_assertion(key, message, signature).ok();
  }
  return false;
}

struct SigningKey::Impl {
  Algorithm algorithm{};
  SecretBytes secret;
  Bytes public_key;
  SecretBytes ed25519_expanded;            // Ed25519 only
  std::optional<detail::P256Secret> p256;  // P-256 only
};

SigningKey::SigningKey(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SigningKey::SigningKey(SigningKey&&) noexcept = default;
SigningKey& SigningKey::operator=(SigningKey&&) noexcept = default;
SigningKey::~SigningKey() = default;

Result<SigningKey> SigningKey::generate(Algorithm algorithm) {
  if (algorithm != Algorithm::ed25519 && algorithm != Algorithm::p256) {
    return make_error(ErrorCode::algorithm_unknown, "only ed25519 and p256 keys are made here");
  }
  // A P-256 scalar of n or more comes up once in 2^32 draws; a second draw is then enough.
  constexpr int draws_max = 8;
  for (int draw = 0; draw < draws_max; ++draw) {
    const SecretBytes secret = SecretBytes::random(secret_bytes);
    Result<SigningKey> key = from_secret(algorithm, secret.view());
    if (key.ok() || key.error().code != ErrorCode::key_malformed) return key;
  }
  return make_error(ErrorCode::crypto_library_failed, "random source");
}

Result<SigningKey> SigningKey::from_secret(Algorithm algorithm, ByteView secret) {
  if (algorithm != Algorithm::ed25519 && algorithm != Algorithm::p256) {
    return make_error(ErrorCode::algorithm_unknown, "only ed25519 and p256 keys sign here");
  }
  if (secret.size() != secret_bytes) return make_error(ErrorCode::key_malformed, "secret length");
  auto impl = std::make_unique<Impl>();
  impl->algorithm = algorithm;
  impl->secret = SecretBytes::copy_of(secret);
  if (algorithm == Algorithm::ed25519) {
    impl->ed25519_expanded = detail::expand_ed25519(secret);
    impl->public_key = copy_of(impl->ed25519_expanded.view().last(detail::ed25519_key_bytes));
  } else {
    XL_TRY_ASSIGN(impl->p256, detail::P256Secret::from_scalar(secret));
    impl->public_key = impl->p256->public_key();
  }
  return SigningKey(std::move(impl));
}

Algorithm SigningKey::algorithm() const { return impl_->algorithm; }
const Bytes& SigningKey::public_key() const { return impl_->public_key; }
ByteView SigningKey::secret() const { return impl_->secret.view(); }

Bytes SigningKey::sign(ByteView message) const {
  Bytes out = {static_cast<std::uint8_t>(Suite::international)};
  if (impl_->algorithm == Algorithm::ed25519) {
    append(out, detail::sign_ed25519(impl_->ed25519_expanded.view(), message));
  } else {
    append(out, impl_->p256->sign(message));
  }
  return out;
}

}  // namespace xl::crypto
