// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>

namespace xl::crypto {

/// The family of primitives a network uses. It leads every digest, signature, wrap and ciphertext
/// that leaves a folder, so that a second family is a second implementation, not a second format.
/// On-disk and on-wire value: never renumber.
enum class Suite : std::uint8_t {
  international = 1,  ///< SHA-256, Ed25519 / ECDSA P-256, X25519, AES-256-GCM, HKDF-SHA-256
  // 2 is kept for the GM suite: SM3, SM2, SM4-GCM.
};

/// Signature algorithm of one key. On-wire value: never renumber.
enum class Algorithm : std::uint8_t {
  ed25519 = 1,        ///< key 32 bytes; signature 64 bytes; libsodium's acceptance rule
  p256 = 2,           ///< key 33 bytes (SEC1 compressed); signature 64 bytes r‖s, high S accepted
  webauthn_p256 = 3,  ///< key 33 bytes ‖ rpId; signature: a passkey assertion, `webauthn.h`
};

/// True for a number this program can verify.
[[nodiscard]] constexpr bool is_known(Algorithm algorithm) {
  return algorithm == Algorithm::ed25519 || algorithm == Algorithm::p256 ||
         algorithm == Algorithm::webauthn_p256;
}

}  // namespace xl::crypto
