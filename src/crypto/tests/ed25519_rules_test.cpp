// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: both Ed25519 rules are exactly the documented ones, since members that disagree on one odd
// signature fork. Method: the twelve published odd cases; every pair of small-order encodings;
// signatures made on purpose under keys with a torsion part, where the outcome follows from k
// mod 8.
#include <sodium.h>

#include "crypto/library_check.h"
#include "crypto/random.h"
#include "crypto/signature.h"
#include "crypto/tests/vectors.h"

namespace xl::crypto {
namespace {

using test::hex;
using Block = std::array<std::uint8_t, 32>;

bool verify_strict(ByteView key, ByteView message, ByteView signature) {
  Bytes with_suite = {1};
  append(with_suite, signature);
  return verify(Algorithm::ed25519, key, message, with_suite);
}

// The table of docs/reference/formats-crypto.md.
TEST(Ed25519Rules, SpeccheckCases) {
  XL_NEEDS_SHARED_DATA();
  const auto cases = test::read_json(test::shared_data() / "crypto/ed25519-speccheck/cases.json");
  constexpr std::string_view strict = "---+--------";
  constexpr std::string_view zip215 = "++++++---+++";
  ASSERT_EQ(cases.size(), strict.size());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const Bytes key = hex(cases[i].at("pub_key"));
    const Bytes message = hex(cases[i].at("message"));
    const Bytes signature = hex(cases[i].at("signature"));
    EXPECT_EQ(verify_strict(key, message, signature), strict[i] == '+') << "case " << i;
    EXPECT_EQ(verify_ed25519_zip215(key, message, signature), zip215[i] == '+') << "case " << i;
  }
}

TEST(Ed25519Rules, LibrariesAnswerAsExpected) {
  const Status status = check_libraries();
  EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().text());
}

/// All 14 encodings of the 8 points of small order; the last 6 are not canonical.
constexpr std::string_view small_order_encodings[] = {
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"};

TEST(Ed25519Rules, SmallOrderPointsAreRefusedByOneAndTakenByTheOther) {
  for (const std::string_view key_text : small_order_encodings) {
    const Bytes key = hex(key_text);
    EXPECT_FALSE(check_public_key(Algorithm::ed25519, key).ok()) << key_text;
    for (const std::string_view r_text : small_order_encodings) {
      Bytes signature = hex(r_text);
      signature.resize(64);  // S = 0
      EXPECT_TRUE(verify_ed25519_zip215(key, view_of("any"), signature)) << key_text << r_text;
      EXPECT_FALSE(verify_strict(key, view_of("any"), signature)) << key_text << r_text;
      signature[32] = 1;  // S = 1: no equation holds
      EXPECT_FALSE(verify_ed25519_zip215(key, view_of("any"), signature)) << key_text << r_text;
    }
  }
}

TEST(Ed25519Rules, KeysNotOnTheCurveAreRefused) {
  int refused = 0;
  for (int i = 0; i < 64; ++i) {
    Bytes key(32);
    key[0] = static_cast<std::uint8_t>(i);
    const bool well_formed = check_public_key(Algorithm::ed25519, key).ok();
    if (!well_formed) ++refused;
    if (crypto_core_ed25519_is_valid_point(key.data()) == 1) {
      EXPECT_TRUE(well_formed) << i;  // every point of the prime-order group is a key
    }
    Bytes signature(64);
    EXPECT_FALSE(verify_strict(key, view_of("any"), signature));
  }
  EXPECT_GT(refused, 16);  // about half of all y are on no point
  EXPECT_LT(refused, 48);
  EXPECT_FALSE(check_public_key(Algorithm::ed25519, Bytes(31)).ok());
  EXPECT_FALSE(check_public_key(Algorithm::ed25519, Bytes(33)).ok());
}

TEST(Ed25519Rules, NonCanonicalKeyIsTakenInCommitsOnly) {
  // y = 3 + p encodes the same point as y = 3; it fits below 2^255.
  Block canonical = {3};
  Block shifted{};
  shifted.fill(0xff);
  shifted[0] = 0xf0;
  shifted[31] = 0x7f;
  Block doubled{};
  ASSERT_EQ(crypto_core_ed25519_add(doubled.data(), canonical.data(), canonical.data()), 0);
  Block doubled_shifted{};
  ASSERT_EQ(crypto_core_ed25519_add(doubled_shifted.data(), shifted.data(), shifted.data()), 0);
  EXPECT_EQ(doubled, doubled_shifted);
  EXPECT_TRUE(check_public_key(Algorithm::ed25519, canonical).ok());
  EXPECT_FALSE(check_public_key(Algorithm::ed25519, shifted).ok());
}

TEST(Ed25519Rules, MalleableSIsRefusedByBoth) {
  constexpr Block order = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                           0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                           0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
  const Result<SigningKey> key = SigningKey::from_secret(Algorithm::ed25519, Bytes(32, 7));
  ASSERT_TRUE(key.ok());
  const Bytes signed_bytes = key->sign(view_of("any"));
  Bytes signature = copy_of(ByteView(signed_bytes).subspan(1));
  EXPECT_TRUE(verify_strict(key->public_key(), view_of("any"), signature));
  EXPECT_TRUE(verify_ed25519_zip215(key->public_key(), view_of("any"), signature));
  unsigned carry = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    carry += static_cast<unsigned>(signature[32 + i]) + order[i];
    signature[32 + i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  ASSERT_EQ(carry, 0U);
  EXPECT_FALSE(verify_strict(key->public_key(), view_of("any"), signature));
  EXPECT_FALSE(verify_ed25519_zip215(key->public_key(), view_of("any"), signature));
}

/// A signature under a·B + T (T of order 8) that satisfies the cofactored equation.
struct TorsionSignature {
  Bytes key;
  Bytes signature;
  unsigned challenge_mod_8 = 0;
};

TorsionSignature sign_with_torsion(ByteView message) {
  Block secret{};
  Block nonce{};
  crypto_core_ed25519_scalar_random(secret.data());
  crypto_core_ed25519_scalar_random(nonce.data());
  const Bytes torsion = hex(small_order_encodings[4]);
  Block prime_key{};
  Block key{};
  Block r{};
  EXPECT_EQ(crypto_scalarmult_ed25519_base_noclamp(prime_key.data(), secret.data()), 0);
  EXPECT_EQ(crypto_core_ed25519_add(key.data(), prime_key.data(), torsion.data()), 0);
  EXPECT_EQ(crypto_scalarmult_ed25519_base_noclamp(r.data(), nonce.data()), 0);
  Bytes hashed = copy_of(r);
  append(hashed, key);
  append(hashed, message);
  std::array<std::uint8_t, 64> digest{};
  crypto_hash_sha512(digest.data(), hashed.data(), hashed.size());
  Block challenge{};
  crypto_core_ed25519_scalar_reduce(challenge.data(), digest.data());
  Block s{};
  crypto_core_ed25519_scalar_mul(s.data(), challenge.data(), secret.data());
  crypto_core_ed25519_scalar_add(s.data(), s.data(), nonce.data());
  TorsionSignature out{copy_of(key), copy_of(r), challenge[0] & 7U};
  append(out.signature, s);
  return out;
}

TEST(Ed25519Rules, TorsionInTheKeyIsSeenByTheStrictRuleOnly) {
  int strict_accepted = 0;
  for (std::uint8_t i = 0; i < 64; ++i) {
    const Bytes message = {i};
    const TorsionSignature made = sign_with_torsion(message);
    EXPECT_TRUE(check_public_key(Algorithm::ed25519, made.key).ok());
    EXPECT_TRUE(verify_ed25519_zip215(made.key, message, made.signature));
    const bool strict = verify_strict(made.key, message, made.signature);
    EXPECT_EQ(strict, made.challenge_mod_8 == 0);  // [k]T vanishes exactly then
    if (strict) ++strict_accepted;
    for (const std::size_t byte : {std::size_t{0}, std::size_t{31}, std::size_t{32}}) {
      Bytes altered = made.signature;
      altered[byte] ^= 0x01;
      EXPECT_FALSE(verify_ed25519_zip215(made.key, message, altered));
    }
    EXPECT_FALSE(verify_ed25519_zip215(made.key, view_of("other"), made.signature));
  }
  EXPECT_LT(strict_accepted, 32);
}

}  // namespace
}  // namespace xl::crypto
