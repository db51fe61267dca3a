// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/secret.h"

namespace xl::crypto {

/// HMAC-SHA-256 (RFC 2104) of the concatenation of `parts`. Compare results with
/// `equal_constant_time`. Thread-safe.
[[nodiscard]] Hash hmac_sha256(ByteView key, std::initializer_list<ByteView> parts);

/// HKDF-Expand gives at most 255 blocks (RFC 5869 §2.3).
constexpr std::size_t hkdf_output_bytes_max = 255 * 32;

/// HKDF-Extract with SHA-256 (RFC 5869 §2.2): 32 bytes. An empty salt stands for 32 zero bytes.
/// Thread-safe.
[[nodiscard]] SecretBytes hkdf_extract(ByteView salt, ByteView key_material);

/// HKDF-Expand with SHA-256 (RFC 5869 §2.3): `length` bytes from a pseudorandom key of at least 32.
/// Errors: kdf_parameters_invalid (length 0 or above `hkdf_output_bytes_max`, key shorter than 32).
/// Thread-safe.
[[nodiscard]] Result<SecretBytes> hkdf_expand(ByteView pseudorandom_key, ByteView info,
                                              std::size_t length);

/// HKDF: extract, then expand. Errors: kdf_parameters_invalid. Thread-safe.
[[nodiscard]] Result<SecretBytes> hkdf(ByteView salt, ByteView key_material, ByteView info,
                                       std::size_t length);

/// What one Argon2id derivation costs (RFC 9106; one lane, as libsodium does it).
struct Argon2idCost {
  std::uint32_t passes = 3;
  std::uint32_t memory_kib = 262144;  ///< 256 MiB: 0.7 s on one core of 2024
  bool operator==(const Argon2idCost&) const = default;
};

/// Bounds of what this program computes; they also hold for costs read from a file, so that a
/// hostile file cannot take a machine's memory or an hour of its time.
constexpr std::uint32_t argon2id_passes_max = 16;
constexpr std::uint32_t argon2id_memory_kib_min = 8192;
constexpr std::uint32_t argon2id_memory_kib_max = 1048576;
constexpr std::size_t argon2id_salt_bytes = 16;
constexpr std::size_t argon2id_output_bytes_min = 16;
constexpr std::size_t argon2id_output_bytes_max = 64;
constexpr std::size_t passphrase_bytes_max = 1024;

/// Argon2id version 1.3 of a passphrase (UTF-8 as typed, 1..1024 bytes, not normalised) with a
/// 16-byte salt. Errors: kdf_parameters_invalid (anything outside its bounds),
/// crypto_library_failed (not enough memory). Thread-safe. Cost: as asked.
[[nodiscard]] Result<SecretBytes> argon2id(std::string_view passphrase, ByteView salt,
                                           const Argon2idCost& cost, std::size_t length);

}  // namespace xl::crypto
