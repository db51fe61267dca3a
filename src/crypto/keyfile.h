// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <filesystem>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/kdf.h"
#include "crypto/secret.h"

/// One 32-byte secret at rest, always 96 bytes:
///
///   offset  bytes
///   0       8   magic "XINGLINK"
///   8       1   format version, 1
///   9       1   suite, 1
///   10      1   kind: 1 Ed25519 seed, 2 P-256 scalar, 3 X25519 secret, 4 root key
///   11      1   protection: 1 passphrase, 2 operator key
///   12      4   Argon2id passes, big-endian; 0 under an operator key
///   16      4   Argon2id memory in KiB, big-endian; 0 under an operator key
///   20      16  salt
///   36      12  GCM nonce
///   48      32  encrypted secret
///   80      16  GCM tag; associated data = bytes 0..35
///
/// Key of GCM: Argon2id(passphrase, salt), or HKDF-SHA-256(salt, operator key, info
/// "xinglin/keyfile/v1", 32). Every byte is authenticated, so nothing in the header can be changed
/// unnoticed; cost bounds are checked before any work is done.
namespace xl::crypto::keyfile {

constexpr std::size_t file_bytes = 96;
constexpr std::size_t secret_bytes = 32;
constexpr std::size_t operator_key_bytes = 32;

/// What the secret is. On-disk value: never renumber.
enum class Kind : std::uint8_t { ed25519 = 1, p256 = 2, x25519 = 3, root = 4 };

/// What opens the file. On-disk value: never renumber.
enum class Protection : std::uint8_t { passphrase = 1, operator_key = 2 };

/// What can be said of a key file without opening it.
struct Header {
  Kind kind{};
  Protection protection{};
  Argon2idCost cost{};  ///< zeros under an operator key
};

/// Reads the unauthenticated header, to know what to ask for. Errors: keyfile_malformed,
/// algorithm_unknown (suite), kdf_parameters_invalid (cost outside the bounds of `kdf.h`).
[[nodiscard]] Result<Header> inspect(ByteView file);

/// The file of a 32-byte secret under a passphrase. Errors: key_malformed (length of `secret`),
/// kdf_parameters_invalid, crypto_library_failed. Cost: one Argon2id derivation.
[[nodiscard]] Result<Bytes> seal_with_passphrase(Kind kind, ByteView secret,
                                                 std::string_view passphrase,
                                                 const Argon2idCost& cost = {});

/// The file of a 32-byte secret under an operator's 32-byte key. Errors: key_malformed (lengths).
[[nodiscard]] Result<Bytes> seal_with_operator_key(Kind kind, ByteView secret,
                                                   ByteView operator_key);

/// The secret of a file under a passphrase. Errors: those of `inspect`; keyfile_malformed when the
/// file wants an operator key; passphrase_wrong when the passphrase is wrong or a byte was altered
/// (the two look alike); crypto_library_failed. Cost: one Argon2id derivation.
[[nodiscard]] Result<SecretBytes> open_with_passphrase(ByteView file, std::string_view passphrase);

/// The secret of a file under an operator key. Errors: those of `inspect`; keyfile_malformed when
/// the file wants a passphrase; key_malformed (length); operator_key_wrong when the key is another
/// or a byte was altered (the two look alike).
[[nodiscard]] Result<SecretBytes> open_with_operator_key(ByteView file, ByteView operator_key);

/// Reads an operator key from a file of exactly 32 raw bytes, or 64 hexadecimal digits with or
/// without a newline. Errors: file_unreadable, file_too_large, key_malformed.
[[nodiscard]] Result<SecretBytes> read_operator_key(const std::filesystem::path& path);

/// Reads a passphrase from the first line of a file. Errors: file_unreadable, file_too_large,
/// passphrase_wrong (empty).
[[nodiscard]] Result<SecretBytes> read_passphrase(const std::filesystem::path& path);

}  // namespace xl::crypto::keyfile
