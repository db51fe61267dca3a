// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: signatures and keys are accepted in exactly one encoding. Method: round trips, every
// altered bit, every wrong length and bound, more keys than the cache holds, and several threads at
// once.
#include "crypto/signature.h"

#include <gtest/gtest.h>

#include <thread>

#include "crypto/p256.h"
#include "crypto/secret.h"

namespace xl::crypto {
namespace {

constexpr Algorithm signing_algorithms[] = {Algorithm::ed25519, Algorithm::p256};

Bytes unhex(std::string_view text) {
  Bytes out;
  EXPECT_TRUE(from_hex(text, out));
  return out;
}

SigningKey key_of(Algorithm algorithm, std::uint8_t filler) {
  Result<SigningKey> key = SigningKey::from_secret(algorithm, Bytes(32, filler));
  EXPECT_TRUE(key.ok());
  return std::move(key).value();
}

TEST(Signature, EveryAlteredBitIsNoticed) {
  const Bytes message = copy_of(view_of("what was signed"));
  for (const Algorithm algorithm : signing_algorithms) {
    const SigningKey key = key_of(algorithm, 9);
    const Bytes signature = key.sign(message);
    ASSERT_EQ(signature.size(), 65U);
    ASSERT_TRUE(verify(algorithm, key.public_key(), message, signature));
    for (std::size_t bit = 0; bit < signature.size() * 8; ++bit) {
      Bytes altered = signature;
      altered[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
      EXPECT_FALSE(verify(algorithm, key.public_key(), message, altered)) << bit;
    }
    for (std::size_t bit = 0; bit < message.size() * 8; ++bit) {
      Bytes altered = message;
      altered[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
      EXPECT_FALSE(verify(algorithm, key.public_key(), altered, signature)) << bit;
    }
    for (std::size_t bit = 0; bit < key.public_key().size() * 8; ++bit) {
      Bytes altered = key.public_key();
      altered[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
      EXPECT_FALSE(verify(algorithm, altered, message, signature)) << bit;
    }
  }
}

TEST(Signature, WrongLengthsAndAlgorithmsAreRefused) {
  const ByteView message = view_of("m");
  for (const Algorithm algorithm : signing_algorithms) {
    const SigningKey key = key_of(algorithm, 3);
    const Bytes signature = key.sign(message);
    for (std::size_t length = 0; length < signature.size(); ++length) {
      EXPECT_FALSE(verify(algorithm, key.public_key(), message, ByteView(signature).first(length)));
    }
    Bytes longer = signature;
    longer.push_back(0);
    EXPECT_FALSE(verify(algorithm, key.public_key(), message, longer));
    EXPECT_FALSE(verify(algorithm, {}, message, signature));
    EXPECT_FALSE(verify(Algorithm::webauthn_p256, key.public_key(), message, signature));
    EXPECT_FALSE(verify(static_cast<Algorithm>(0), key.public_key(), message, signature));
    EXPECT_FALSE(verify(static_cast<Algorithm>(4), key.public_key(), message, signature));
  }
  const SigningKey one = key_of(Algorithm::ed25519, 3);
  const SigningKey other = key_of(Algorithm::p256, 3);
  EXPECT_FALSE(verify(Algorithm::p256, one.public_key(), message, one.sign(message)));
  EXPECT_FALSE(verify(Algorithm::ed25519, other.public_key(), message, other.sign(message)));
}

TEST(Signature, P256TakesHighAndLowSButNothingOutsideTheOrder) {
  // RFC 6979 A.2.5, "sample", SHA-256.
  const Bytes key = unhex("0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6");
  const std::string r = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716";
  const std::string s = "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";
  const std::string n_minus_s = "0834e36ad29a83bf2bc9385e491d6099c8fdf9d1ed67aa7ea5f51f93782857a9";
  const std::string n = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
  const std::string zero(64, '0');
  const std::string ones(64, 'f');
  const auto accepts = [&](const std::string& signature) {
    return verify(Algorithm::p256, key, view_of("sample"), unhex("01" + signature));
  };
  EXPECT_TRUE(accepts(r + s));
  EXPECT_TRUE(accepts(r + n_minus_s));
  EXPECT_FALSE(accepts(s + r));
  for (const std::string& bad : {n, zero, ones}) {
    EXPECT_FALSE(accepts(bad + s));
    EXPECT_FALSE(accepts(r + bad));
    EXPECT_FALSE(accepts(bad + bad));
  }
}

TEST(Signature, P256KeysHaveOneEncoding) {
  const Bytes good = key_of(Algorithm::p256, 5).public_key();
  ASSERT_EQ(good.size(), 33U);
  EXPECT_TRUE(check_public_key(Algorithm::p256, good).ok());
  for (unsigned prefix = 0; prefix < 256; ++prefix) {
    Bytes key = good;
    key[0] = static_cast<std::uint8_t>(prefix);
    EXPECT_EQ(check_public_key(Algorithm::p256, key).ok(), prefix == 2 || prefix == 3) << prefix;
  }
  const std::string point =
      "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
      "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
  EXPECT_FALSE(check_public_key(Algorithm::p256, unhex("04" + point)).ok());
  EXPECT_FALSE(check_public_key(Algorithm::p256, unhex("06" + point)).ok());
  EXPECT_FALSE(check_public_key(Algorithm::p256, Bytes{0}).ok());  // the point at infinity
  EXPECT_FALSE(check_public_key(Algorithm::p256, {}).ok());
  // x = p is not below the field's prime.
  EXPECT_FALSE(
      check_public_key(Algorithm::p256,
                       unhex("02ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"))
          .ok());
  EXPECT_EQ(check_public_key(static_cast<Algorithm>(9), good).error().code,
            ErrorCode::algorithm_unknown);
  EXPECT_EQ(check_public_key(Algorithm::p256, {}).error().code, ErrorCode::key_malformed);
}

TEST(Signature, SecretsOutsideTheirBoundsAreRefused) {
  const Bytes n = unhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  Bytes n_minus_1 = n;
  n_minus_1.back() -= 1;
  EXPECT_TRUE(SigningKey::from_secret(Algorithm::p256, n_minus_1).ok());
  for (const Bytes& secret : {n, Bytes(32), Bytes(32, 0xff), Bytes(31, 1), Bytes(33, 1), Bytes{}}) {
    const Result<SigningKey> key = SigningKey::from_secret(Algorithm::p256, secret);
    ASSERT_FALSE(key.ok());
    EXPECT_EQ(key.error().code, ErrorCode::key_malformed);
  }
  EXPECT_TRUE(SigningKey::from_secret(Algorithm::ed25519, Bytes(32)).ok());
  EXPECT_FALSE(SigningKey::from_secret(Algorithm::ed25519, Bytes(31)).ok());
  EXPECT_FALSE(SigningKey::from_secret(Algorithm::ed25519, Bytes(64)).ok());
  EXPECT_EQ(SigningKey::generate(Algorithm::webauthn_p256).error().code,
            ErrorCode::algorithm_unknown);
  EXPECT_EQ(SigningKey::from_secret(Algorithm::webauthn_p256, Bytes(32, 1)).error().code,
            ErrorCode::algorithm_unknown);
}

TEST(Signature, KeysKnowTheirParts) {
  // RFC 8032 §7.1, TEST 2.
  const Bytes seed = unhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
  const Result<SigningKey> rfc = SigningKey::from_secret(Algorithm::ed25519, seed);
  ASSERT_TRUE(rfc.ok());
  EXPECT_EQ(to_hex(rfc->public_key()),
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  EXPECT_EQ(to_hex(rfc->sign(Bytes{0x72})),
            "0192a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  EXPECT_TRUE(equal(rfc->secret(), seed));
  for (const Algorithm algorithm : signing_algorithms) {
    const Result<SigningKey> fresh = SigningKey::generate(algorithm);
    const Result<SigningKey> again = SigningKey::generate(algorithm);
    ASSERT_TRUE(fresh.ok() && again.ok());
    EXPECT_NE(fresh->public_key(), again->public_key());
    EXPECT_EQ(fresh->algorithm(), algorithm);
    EXPECT_TRUE(check_public_key(algorithm, fresh->public_key()).ok());
    const Result<SigningKey> copy = SigningKey::from_secret(algorithm, fresh->secret());
    ASSERT_TRUE(copy.ok());
    EXPECT_EQ(copy->public_key(), fresh->public_key());
    EXPECT_TRUE(verify(algorithm, fresh->public_key(), view_of("m"), copy->sign(view_of("m"))));
  }
}

TEST(Signature, DerIsReadInItsMinimalFormOnly) {
  const SigningKey key = key_of(Algorithm::p256, 8);
  std::array<std::uint8_t, 64> out{};
  const auto parses = [&out](std::string_view der) {
    return detail::p256_signature_from_der(unhex(der), out);
  };
  EXPECT_TRUE(parses("3006020101020102"));
  EXPECT_EQ(out[31], 1);
  EXPECT_EQ(out[63], 2);
  EXPECT_TRUE(parses("30080202008002020080"));
  EXPECT_EQ(out[31], 0x80);
  for (const std::string_view bad :
       {"", "30", "3006", "30060201010201", "300602010102010200", "3007020101020102",
        "300702020001020102", "3006020181020102", "3005020002010102", "3106020101020102",
        "3006030101020102", "308106020101020102", "300802810101020102", "30030201010201",
        "3080020101020102"
        "0000"}) {
    EXPECT_FALSE(parses(bad)) << bad;
  }
  EXPECT_FALSE(parses("30250221" + std::string("01") + std::string(64, '0') + "020101"));
}

TEST(Signature, MoreKeysThanTheCacheHoldsStillVerify) {
  constexpr std::size_t key_count = detail::p256_cached_keys_max * 3 / 2;
  const SigningKey signer = key_of(Algorithm::p256, 1);
  std::vector<Bytes> keys;
  std::vector<Bytes> signatures;
  for (std::size_t i = 0; i < key_count; ++i) {
    Bytes secret(32, 1);
    secret[0] = static_cast<std::uint8_t>(i >> 8);
    secret[1] = static_cast<std::uint8_t>(i);
    const Result<SigningKey> key = SigningKey::from_secret(Algorithm::p256, secret);
    ASSERT_TRUE(key.ok());
    keys.push_back(key->public_key());
    signatures.push_back(key->sign(view_of("m")));
  }
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < key_count; ++i) {
      ASSERT_TRUE(verify(Algorithm::p256, keys[i], view_of("m"), signatures[i])) << i;
      ASSERT_FALSE(verify(Algorithm::p256, keys[i], view_of("m"), signatures[(i + 1) % key_count]));
    }
  }
}

TEST(Signature, ThreadsDoNotDisturbEachOther) {
  const SigningKey ed25519 = key_of(Algorithm::ed25519, 2);
  const SigningKey p256 = key_of(Algorithm::p256, 2);
  std::array<int, 4> verified{};
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < verified.size(); ++t) {
    threads.emplace_back([&, t] {
      for (std::uint8_t i = 0; i < 100; ++i) {
        const Bytes message = {static_cast<std::uint8_t>(t), i};
        for (const SigningKey* key : {&ed25519, &p256}) {
          if (verify(key->algorithm(), key->public_key(), message, key->sign(message))) {
            ++verified[t];
          }
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int count : verified) EXPECT_EQ(count, 200);
}

}  // namespace
}  // namespace xl::crypto
