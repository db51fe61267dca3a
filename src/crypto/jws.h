// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/suite.h"

/// Signatures of JSON Web Tokens (RFC 7518 §3, RFC 8037): of others' software. The ledger has its
/// own algorithms (`signature.h`), and nothing here decides what is on it.
namespace xl::crypto {

/// Not stored and not on the wire: there the names of RFC 7518 stand.
enum class JwsAlgorithm : std::uint8_t { eddsa, es256, es384, rs256 };

/// `ES256` and its like; and back, false for a name that is not offered.
[[nodiscard]] std::string_view jws_name(JwsAlgorithm algorithm);
[[nodiscard]] bool jws_algorithm_of(std::string_view name, JwsAlgorithm& out);

/// A public key as a JWK carries it.
struct JwsKey {
  JwsAlgorithm algorithm{};
  Bytes first;   ///< Ed25519: x, 32 bytes; EC: x, 32 or 48 bytes; RSA: n, big-endian
  Bytes second;  ///< Ed25519: nothing; EC: y, as long as x; RSA: e, big-endian
};

/// A key of the ledger as a JWK carries it: `ed25519` or `p256`. Errors: algorithm_unknown,
/// key_malformed. Thread-safe.
[[nodiscard]] Result<JwsKey> jws_key_of(Algorithm algorithm, ByteView public_key);

constexpr std::size_t rsa_modulus_bytes_min = 256;  ///< 2048 bits (RFC 7518 §3.3)
constexpr std::size_t rsa_modulus_bytes_max = 512;

/// Checks lengths, that a point is on its curve, and the bounds of an RSA key. Errors:
/// json_web_key_malformed. Thread-safe.
[[nodiscard]] Status check_jws_key(const JwsKey& key);

/// True when `signature` (as in a JWS: 64 bytes, r‖s of 64 or 96 bytes, or as long as the modulus)
/// is valid for `message`. False for everything else, a malformed key included. Thread-safe.
/// Cost: about 0.1 ms, ES384 1 ms.
[[nodiscard]] bool verify_jws(const JwsKey& key, ByteView message, ByteView signature);

}  // namespace xl::crypto
