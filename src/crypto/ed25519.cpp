// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "crypto/ed25519.h"

#include <sodium.h>

#include <algorithm>

#include "base/check.h"
#include "crypto/signature.h"

namespace xl::crypto {
namespace detail {
namespace {

using Point = std::array<std::uint8_t, crypto_core_ed25519_BYTES>;
using Scalar = std::array<std::uint8_t, crypto_core_ed25519_SCALARBYTES>;

constexpr Point identity_point = {1};  // x = 0, y = 1, little-endian

/// The order of the base point, L = 2^252 + 27742317777372353535851937790883648493 (RFC 8032 §5.1).
constexpr Scalar group_order = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                                0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};

/// The field's prime, p = 2^255 - 19.
constexpr Point field_prime = {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                               0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                               0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};

/// a < b for little-endian numbers of equal length. Not constant-time: signatures are public.
bool less_than(ByteView a, ByteView b) {
  return std::lexicographical_compare(a.rbegin(), a.rend(), b.rbegin(), b.rend());
}

bool has_canonical_y(ByteView point) {
  Point y{};
  std::copy(point.begin(), point.end(), y.begin());
  y.back() &= 0x7f;  // the sign of x
  return less_than(y, field_prime);
}

/// Decodes leniently (y modulo p, x = 0 with either sign), as ZIP-215 asks, and multiplies by the
/// cofactor 8. False when no point has this y. libsodium's addition checks only that both points
/// are on the curve, in every version; its `is_valid_point` differs between versions and would let
/// nodes disagree.
bool times_eight(ByteView encoded, Point& out) {
  if (crypto_core_ed25519_add(out.data(), encoded.data(), identity_point.data()) != 0) return false;
  for (int doubling = 0; doubling < 3; ++doubling) {
    const Point point = out;
    if (crypto_core_ed25519_add(out.data(), point.data(), point.data()) != 0) return false;
  }
  return true;
}

bool is_zero(const Scalar& scalar) { return scalar == Scalar{}; }

/// scalar · point for a point of the prime-order subgroup (the identity included).
bool multiply(const Scalar& scalar, const Point& point, Point& out) {
  out = identity_point;
  if (is_zero(scalar) || point == identity_point) return true;  // libsodium refuses both
  return crypto_scalarmult_ed25519_noclamp(out.data(), scalar.data(), point.data()) == 0;
}

bool multiply_base(const Scalar& scalar, Point& out) {
  out = identity_point;
  if (is_zero(scalar)) return true;
  return crypto_scalarmult_ed25519_base_noclamp(out.data(), scalar.data()) == 0;
}

/// k = SHA-512(R ‖ A ‖ M) mod L over the encodings as received (ZIP-215, RFC 8032 §5.1.7).
Scalar challenge(ByteView r, ByteView key, ByteView message) {
  crypto_hash_sha512_state state;
  crypto_hash_sha512_init(&state);
  crypto_hash_sha512_update(&state, r.data(), r.size());
  crypto_hash_sha512_update(&state, key.data(), key.size());
  crypto_hash_sha512_update(&state, message.data(), message.size());
  std::array<std::uint8_t, crypto_hash_sha512_BYTES> digest{};
  crypto_hash_sha512_final(&state, digest.data());
  Scalar reduced{};
  crypto_core_ed25519_scalar_reduce(reduced.data(), digest.data());
  return reduced;
}

/// 8·S·B = 8·R + 8·k·A, each side computed in the prime-order subgroup.
bool cofactored_equation_holds(ByteView key, ByteView message, ByteView signature) {
  const ByteView r = signature.first(32);
  Scalar s{};
  std::copy(signature.begin() + 32, signature.end(), s.begin());
  if (!less_than(s, group_order)) return false;
  Point key_times_8{};
  Point r_times_8{};
  if (!times_eight(key, key_times_8) || !times_eight(r, r_times_8)) return false;

  const Scalar eight = {8};
  Scalar s_times_8{};
  crypto_core_ed25519_scalar_mul(s_times_8.data(), s.data(), eight.data());
  Point left{};
  Point key_part{};
  if (!multiply_base(s_times_8, left)) return false;
  if (!multiply(challenge(r, key, message), key_times_8, key_part)) return false;
  Point right{};
  if (crypto_core_ed25519_add(right.data(), r_times_8.data(), key_part.data()) != 0) return false;
  return left == right;
}

}  // namespace

void ready_sodium() {
  static const bool ready = sodium_init() >= 0;
  XL_CHECK(ready);
}

bool is_ed25519_key(ByteView key) {
  ready_sodium();
  if (key.size() != ed25519_key_bytes || !has_canonical_y(key)) return false;
  Point multiple{};
  return times_eight(key, multiple) && multiple != identity_point;
}

bool verify_ed25519(ByteView key, ByteView message, ByteView signature) {
  ready_sodium();
  if (key.size() != ed25519_key_bytes || signature.size() != ed25519_signature_bytes) return false;
  return crypto_sign_verify_detached(signature.data(), message.data(), message.size(),
                                     key.data()) == 0;
}

SecretBytes expand_ed25519(ByteView seed) {
  ready_sodium();
  XL_CHECK(seed.size() == crypto_sign_SEEDBYTES);
  SecretBytes expanded(crypto_sign_SECRETKEYBYTES);
  std::array<std::uint8_t, crypto_sign_PUBLICKEYBYTES> public_key{};
  XL_CHECK(crypto_sign_seed_keypair(public_key.data(), expanded.mutable_view().data(),
                                    seed.data()) == 0);
  return expanded;
}

std::array<std::uint8_t, ed25519_signature_bytes> sign_ed25519(ByteView expanded,
                                                               ByteView message) {
  XL_CHECK(expanded.size() == crypto_sign_SECRETKEYBYTES);
  std::array<std::uint8_t, ed25519_signature_bytes> signature{};
  XL_CHECK(crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(),
                                expanded.data()) == 0);
  return signature;
}

}  // namespace detail

bool verify_ed25519_zip215(ByteView key, ByteView message, ByteView signature) {
  // Whatever the strict rule accepts, this rule accepts too; only odd signatures go on (260 µs).
  if (detail::verify_ed25519(key, message, signature)) return true;
  if (key.size() != detail::ed25519_key_bytes ||
      signature.size() != detail::ed25519_signature_bytes) {
    return false;
  }
  return detail::cofactored_equation_holds(key, message, signature);
}

}  // namespace xl::crypto
