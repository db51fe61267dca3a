// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/secret.h"

/// Keys encrypted for somebody: to the holder of an X25519 key, or under another symmetric key.
namespace xl::crypto {

constexpr std::size_t x25519_key_bytes = 32;
/// Lengths of keys that can be wrapped.
constexpr std::size_t wrapped_key_bytes_min = 16;
constexpr std::size_t wrapped_key_bytes_max = 64;
/// What `wrap_for` adds: suite ‖ ephemeral public key 32 ‖ nonce 12 ‖ … ‖ tag 16.
constexpr std::size_t wrap_overhead_bytes = 1 + 32 + 12 + 16;

/// X25519 (RFC 7748 §5). `secret` and `public_key` are 32 bytes; any public key is taken, but the
/// all-zero result of a small-order one is refused (RFC 7748 §6.1). Errors: key_malformed.
/// Thread-safe. Cost: 30 µs.
[[nodiscard]] Result<SecretBytes> x25519(ByteView secret, ByteView public_key);

/// Seals a key of 16..64 bytes to an X25519 public key:
///
///   suite ‖ ephemeral public key 32 ‖ nonce 12 ‖ AES-256-GCM ciphertext ‖ tag 16
///   key of GCM = HKDF-SHA-256(salt "", X25519(ephemeral, recipient), info, 32)
///   info = "xinglin/wrap-x25519/v1" ‖ 00 ‖ suite ‖ ephemeral public key ‖ recipient ‖ context
///
/// `context` says what the key is for (which record, which holder): unwrapping with another one
/// fails. The sender is not authenticated: whoever has the public key can wrap.
/// Errors: key_malformed (lengths; small-order recipient). Thread-safe. Cost: 100 µs.
[[nodiscard]] Result<Bytes> wrap_for(ByteView recipient_public_key, ByteView key, ByteView context);

/// Wraps a key of 16..64 bytes under a 32-byte key-encryption key: the `aead.h` form with
/// associated data "xinglin/wrap-kek/v1" ‖ 00 ‖ suite ‖ context. At most 2^32 wraps for one `kek`.
/// Errors: key_malformed (lengths). Thread-safe.
[[nodiscard]] Result<Bytes> wrap_key(ByteView kek, ByteView key, ByteView context);

/// The key that `wrap_key` wrapped. Errors: key_malformed (length of `kek`), decryption_failed,
/// algorithm_unknown. Thread-safe.
[[nodiscard]] Result<SecretBytes> unwrap_key(ByteView kek, ByteView wrapped, ByteView context);

/// A private X25519 key that opens wraps. Its secret is wiped when it is destroyed. Thread-safe.
class WrappingKey {
 public:
  /// A fresh key from the system's random source.
  [[nodiscard]] static WrappingKey generate();
  /// The key of a 32-byte secret (RFC 7748 §5: any 32 bytes). Errors: key_malformed (length).
  [[nodiscard]] static Result<WrappingKey> from_secret(ByteView secret);

  /// 32 bytes.
  [[nodiscard]] const Bytes& public_key() const { return public_key_; }
  /// The 32-byte secret. Handle with care: write it only encrypted.
  [[nodiscard]] ByteView secret() const { return secret_.view(); }
  /// The key that `wrap_for` sealed to this one. Errors: decryption_failed (altered, cut, another
  /// recipient or context), algorithm_unknown (another suite).
  [[nodiscard]] Result<SecretBytes> unwrap(ByteView wrapped, ByteView context) const;

 private:
  explicit WrappingKey(SecretBytes secret);
  SecretBytes secret_;
  Bytes public_key_;
};

}  // namespace xl::crypto
