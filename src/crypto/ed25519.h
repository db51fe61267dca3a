// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <array>

#include "base/bytes.h"
#include "crypto/secret.h"

/// Ed25519 for the sources of this folder; others use `signature.h`.
namespace xl::crypto::detail {

constexpr std::size_t ed25519_key_bytes = 32;
constexpr std::size_t ed25519_signature_bytes = 64;

/// Initialises libsodium once per process; every use of it in this folder calls this first.
/// Thread-safe.
void ready_sodium();

/// True when `key` is one that the network's rule can accept: 32 bytes, y < 2^255 - 19, on the
/// curve, not of small order. Thread-safe.
[[nodiscard]] bool is_ed25519_key(ByteView key);

/// The network's rule for transactions (libsodium 1.0.18): S < L, key and R canonical and not of
/// small order, cofactorless equation. `signature` 64 bytes. Thread-safe.
[[nodiscard]] bool verify_ed25519(ByteView key, ByteView message, ByteView signature);

/// Expands a 32-byte seed (RFC 8032 §5.1.5) into libsodium's 64-byte seed ‖ public key.
[[nodiscard]] SecretBytes expand_ed25519(ByteView seed);

/// The 64-byte signature. `expanded` comes from `expand_ed25519`. Thread-safe.
[[nodiscard]] std::array<std::uint8_t, ed25519_signature_bytes> sign_ed25519(ByteView expanded,
                                                                             ByteView message);

}  // namespace xl::crypto::detail
