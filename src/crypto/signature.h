// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/suite.h"

namespace xl::crypto {

/// Checks that `key` is a well-formed public key of `algorithm` (lengths, point on curve; for
/// `ed25519` also canonical and not of small order, so that `verify` can accept it; for
/// `webauthn_p256` an rpId of 1..253 bytes behind the point). Errors: key_malformed,
/// algorithm_unknown. Thread-safe.
[[nodiscard]] Status check_public_key(Algorithm algorithm, ByteView key);

/// True when `signature` (suite byte ‖ the algorithm's own bytes) is valid for `message` under
/// `key`. False for everything else, malformed input included. The acceptance rules for odd
/// signatures are in `docs/reference/formats.md` §1. Thread-safe. Cost: 42 µs (Ed25519),
/// 48 µs (P-256, key object cached by the thread).
[[nodiscard]] bool verify(Algorithm algorithm, ByteView key, ByteView message, ByteView signature);

/// Ed25519 verification by the ZIP-215 rule that CometBFT uses for commits: cofactored, S < L,
/// non-canonical points accepted. `key` 32 bytes, `signature` 64 bytes without suite byte.
/// Transactions never use it. Thread-safe.
[[nodiscard]] bool verify_ed25519_zip215(ByteView key, ByteView message, ByteView signature);

/// A private key that signs. Its secret is wiped when it is destroyed. Thread-safe for `sign`.
class SigningKey {
 public:
  /// A fresh key from the system's random source. Only ed25519 and p256; a passkey's private key
  /// never leaves its authenticator. Errors: algorithm_unknown.
  [[nodiscard]] static Result<SigningKey> generate(Algorithm algorithm);

  /// The key of a 32-byte secret (Ed25519 seed, RFC 8032 §5.1.5; P-256 scalar, big-endian).
  /// Errors: key_malformed, algorithm_unknown.
  [[nodiscard]] static Result<SigningKey> from_secret(Algorithm algorithm, ByteView secret);

  SigningKey(SigningKey&&) noexcept;
  SigningKey& operator=(SigningKey&&) noexcept;
  ~SigningKey();

  [[nodiscard]] Algorithm algorithm() const;
  /// Ed25519: 32 bytes. P-256: 33 bytes, SEC1 compressed.
  [[nodiscard]] const Bytes& public_key() const;
  /// The 32-byte secret. Handle with care: write it only encrypted.
  [[nodiscard]] ByteView secret() const;
  /// Suite byte ‖ 64 bytes.
  [[nodiscard]] Bytes sign(ByteView message) const;

 private:
  struct Impl;
  explicit SigningKey(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace xl::crypto
