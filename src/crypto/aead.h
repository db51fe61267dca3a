// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <array>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/secret.h"

/// Authenticated encryption: AES-256-GCM (SP 800-38D).
///
///   sealed = suite ‖ nonce 12 ‖ ciphertext (as long as the plaintext) ‖ tag 16
namespace xl::crypto::aead {

constexpr std::size_t key_bytes = 32;
constexpr std::size_t nonce_bytes = 12;
constexpr std::size_t tag_bytes = 16;
/// What sealing adds to the plaintext.
constexpr std::size_t overhead_bytes = 1 + nonce_bytes + tag_bytes;

using Nonce = std::array<std::uint8_t, nonce_bytes>;

/// Encrypts `plaintext` and authenticates it with `associated_data` under a random nonce. At most
/// 2^32 calls for one key (SP 800-38D §8.3): give every document its own. Precondition: `key` is 32
/// bytes. Thread-safe. Cost: 5 GB/s.
[[nodiscard]] Bytes seal(ByteView key, ByteView plaintext, ByteView associated_data);

/// As `seal` with a given nonce, for test vectors and formats with a proven-fresh key. A nonce used
/// twice under one key gives away both plaintexts and the means to forge. Thread-safe.
[[nodiscard]] Bytes seal_with_nonce(ByteView key, const Nonce& nonce, ByteView plaintext,
                                    ByteView associated_data);

/// The plaintext of `sealed`. Errors: decryption_failed when anything was altered, cut, or sealed
/// with another key or other associated data; algorithm_unknown for another suite. Precondition:
/// `key` is 32 bytes. Thread-safe.
[[nodiscard]] Result<Bytes> open(ByteView key, ByteView sealed, ByteView associated_data);

/// As `open`, for plaintexts that are secret keys: wiped when dropped. Thread-safe.
[[nodiscard]] Result<SecretBytes> open_secret(ByteView key, ByteView sealed,
                                              ByteView associated_data);

}  // namespace xl::crypto::aead
