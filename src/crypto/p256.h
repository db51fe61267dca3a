// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <array>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"

/// ECDSA on P-256 with SHA-256 for the sources of this folder; others use `signature.h`.
namespace xl::crypto::detail {

constexpr std::size_t p256_key_bytes = 33;        // SEC1 compressed
constexpr std::size_t p256_signature_bytes = 64;  // r ‖ s, 32 bytes each, big-endian
constexpr std::size_t p256_secret_bytes = 32;

/// Decoded keys that one thread keeps: decoding costs three times the verification. 4 KB each.
constexpr std::size_t p256_cached_keys_max = 1024;

/// True when `key` is a compressed point of the curve. Thread-safe.
[[nodiscard]] bool is_p256_key(ByteView key);

/// True when `signature` (64 bytes r ‖ s, both in [1, n-1], s high or low) is valid. Thread-safe.
[[nodiscard]] bool verify_p256(ByteView key, ByteView message, ByteView signature);

/// Converts an ECDSA signature from DER (RFC 3279 §2.2.3), minimal encodings only, to r ‖ s.
/// False for anything else. The range of r and s is left to `verify_p256`. Thread-safe.
[[nodiscard]] bool p256_signature_from_der(ByteView der,
                                           std::array<std::uint8_t, p256_signature_bytes>& out);

/// A private scalar with its OpenSSL key object. Thread-safe for `sign`.
class P256Secret {
 public:
  /// Errors: key_malformed when `secret` is not 32 bytes with 0 < value < n.
  [[nodiscard]] static Result<P256Secret> from_scalar(ByteView secret);
  P256Secret(P256Secret&&) noexcept;
  P256Secret& operator=(P256Secret&&) noexcept;
  ~P256Secret();

  [[nodiscard]] const Bytes& public_key() const { return public_key_; }
  [[nodiscard]] std::array<std::uint8_t, p256_signature_bytes> sign(ByteView message) const;

 private:
  struct Key;
  P256Secret(std::unique_ptr<Key> key, Bytes public_key);
  std::unique_ptr<Key> key_;
  Bytes public_key_;
};

}  // namespace xl::crypto::detail
