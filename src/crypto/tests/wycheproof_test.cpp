// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: the primitives decide as Wycheproof's attack vectors say. Method: every test of every group
// of the six files that concern this folder; each test counts what it ran, and expects the number
// that the file announces, so that a parser that skips cannot pass.
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"
#include "crypto/p256.h"
#include "crypto/signature.h"
#include "crypto/tests/vectors.h"
#include "crypto/wrap.h"

namespace xl::crypto {
namespace {

using nlohmann::json;
using test::hex;

json wycheproof(const std::string& name) {
  return test::read_json(test::shared_data() / "crypto/wycheproof" / name);
}

bool is_valid(const json& vector) { return vector.at("result") == "valid"; }

std::string name_of(const json& vector) {
  return "tcId " + vector.at("tcId").dump() + ": " + vector.at("comment").get<std::string>();
}

Bytes with_suite(ByteView signature) {
  Bytes out = {1};
  append(out, signature);
  return out;
}

TEST(Wycheproof, Ed25519) {
  XL_NEEDS_SHARED_DATA();
  const json file = wycheproof("ed25519_test.json");
  std::size_t ran = 0;
  std::vector<int> zip215_only;
  for (const json& group : file.at("testGroups")) {
    const Bytes key = hex(group.at("publicKey").at("pk"));
    EXPECT_TRUE(check_public_key(Algorithm::ed25519, key).ok());
    for (const json& vector : group.at("tests")) {
      const Bytes message = hex(vector.at("msg"));
      const Bytes signature = hex(vector.at("sig"));
      const bool strict = verify(Algorithm::ed25519, key, message, with_suite(signature));
      const bool zip215 = verify_ed25519_zip215(key, message, signature);
      EXPECT_EQ(strict, is_valid(vector)) << name_of(vector);
      EXPECT_LE(strict, zip215) << name_of(vector);
      if (zip215 && !strict) zip215_only.push_back(vector.at("tcId").get<int>());
      ++ran;
    }
  }
  EXPECT_EQ(ran, file.at("numberOfTests").get<std::size_t>());
  EXPECT_EQ(ran, 151U);
  // R = (0, 1) with the sign of x set: the one lenient decoding of the file.
  EXPECT_EQ(zip215_only, std::vector<int>{151});
}

TEST(Wycheproof, EcdsaP256Sha256) {
  XL_NEEDS_SHARED_DATA();
  const json file = wycheproof("ecdsa_secp256r1_sha256_test.json");
  std::size_t ran = 0;
  std::size_t refused_as_der = 0;
  for (const json& group : file.at("testGroups")) {
    const Bytes point = hex(group.at("publicKey").at("uncompressed"));
    ASSERT_EQ(point.size(), 65U);
    Bytes key = {static_cast<std::uint8_t>(2 + (point[64] & 1))};
    append(key, ByteView(point).subspan(1, 32));
    EXPECT_TRUE(check_public_key(Algorithm::p256, key).ok());
    for (const json& vector : group.at("tests")) {
      std::array<std::uint8_t, detail::p256_signature_bytes> signature{};
      const bool is_der = detail::p256_signature_from_der(hex(vector.at("sig")), signature);
      const bool accepted =
          is_der && verify(Algorithm::p256, key, hex(vector.at("msg")), with_suite(signature));
      EXPECT_EQ(accepted, is_valid(vector)) << name_of(vector);
      if (!is_der) ++refused_as_der;
      ++ran;
    }
  }
  EXPECT_EQ(ran, file.at("numberOfTests").get<std::size_t>());
  EXPECT_EQ(ran, 484U);
  EXPECT_GT(refused_as_der, 0U);
  EXPECT_LT(refused_as_der, ran / 2) << "the range of r and s is checked by verify, not by DER";
}

// "acceptable" means a weak or odd public key. Our rule: a result of all zeros is refused, every
// other public key is taken as RFC 7748 says (non-canonical ones and the twist included).
TEST(Wycheproof, X25519) {
  XL_NEEDS_SHARED_DATA();
  const json file = wycheproof("x25519_test.json");
  const Bytes zeros(32);
  std::size_t ran = 0;
  std::size_t refused = 0;
  for (const json& group : file.at("testGroups")) {
    for (const json& vector : group.at("tests")) {
      const Bytes expected = hex(vector.at("shared"));
      const Result<SecretBytes> shared =
          x25519(hex(vector.at("private")), hex(vector.at("public")));
      EXPECT_EQ(shared.ok(), expected != zeros) << name_of(vector);
      if (shared.ok()) {
        EXPECT_EQ(to_hex(shared->view()), to_hex(expected)) << name_of(vector);
      } else {
        EXPECT_EQ(vector.at("result"), "acceptable") << name_of(vector);
        EXPECT_EQ(shared.error().code, ErrorCode::key_malformed);
        ++refused;
      }
      ++ran;
    }
  }
  EXPECT_EQ(ran, file.at("numberOfTests").get<std::size_t>());
  EXPECT_EQ(ran, 518U);
  EXPECT_GT(refused, 0U);
}

TEST(Wycheproof, Aes256Gcm) {
  XL_NEEDS_SHARED_DATA();
  const json file = wycheproof("aes_gcm_test.json");
  std::size_t ran = 0;
  std::size_t other_sizes = 0;
  for (const json& group : file.at("testGroups")) {
    if (group.at("keySize") != 256 || group.at("ivSize") != 96 || group.at("tagSize") != 128) {
      other_sizes += group.at("tests").size();  // sizes that the format does not have
      continue;
    }
    for (const json& vector : group.at("tests")) {
      const Bytes key = hex(vector.at("key"));
      const Bytes data = hex(vector.at("aad"));
      const Bytes message = hex(vector.at("msg"));
      aead::Nonce nonce{};
      const Bytes iv = hex(vector.at("iv"));
      ASSERT_EQ(iv.size(), nonce.size());
      std::copy(iv.begin(), iv.end(), nonce.begin());
      Bytes sealed = with_suite(nonce);
      append(sealed, hex(vector.at("ct")));
      append(sealed, hex(vector.at("tag")));
      const Result<Bytes> opened = aead::open(key, sealed, data);
      EXPECT_EQ(opened.ok(), is_valid(vector)) << name_of(vector);
      if (opened.ok()) {
        EXPECT_EQ(*opened, message) << name_of(vector);
      }
      EXPECT_EQ(aead::seal_with_nonce(key, nonce, message, data) == sealed, is_valid(vector))
          << name_of(vector);
      ++ran;
    }
  }
  EXPECT_EQ(ran + other_sizes, file.at("numberOfTests").get<std::size_t>());
  EXPECT_EQ(ran, 66U);
}

TEST(Wycheproof, HkdfSha256) {
  XL_NEEDS_SHARED_DATA();
  const json file = wycheproof("hkdf_sha256_test.json");
  std::size_t ran = 0;
  for (const json& group : file.at("testGroups")) {
    for (const json& vector : group.at("tests")) {
      const Result<SecretBytes> derived =
          hkdf(hex(vector.at("salt")), hex(vector.at("ikm")), hex(vector.at("info")),
               vector.at("size").get<std::size_t>());
      ASSERT_EQ(derived.ok(), is_valid(vector)) << name_of(vector);
      if (derived.ok()) {
        EXPECT_EQ(to_hex(derived->view()), vector.at("okm").get<std::string>());
      } else {
        EXPECT_EQ(derived.error().code, ErrorCode::kdf_parameters_invalid);
      }
      ++ran;
    }
  }
  EXPECT_EQ(ran, file.at("numberOfTests").get<std::size_t>());
  EXPECT_EQ(ran, 86U);
}

TEST(Wycheproof, HmacSha256) {
  XL_NEEDS_SHARED_DATA();
  const json file = wycheproof("hmac_sha256_test.json");
  std::size_t ran = 0;
  for (const json& group : file.at("testGroups")) {
    const auto tag_bytes = group.at("tagSize").get<std::size_t>() / 8;
    for (const json& vector : group.at("tests")) {
      const Hash mac = hmac_sha256(hex(vector.at("key")), {hex(vector.at("msg"))});
      const Bytes tag = hex(vector.at("tag"));
      EXPECT_EQ(equal_constant_time(ByteView(mac).first(tag_bytes), tag), is_valid(vector))
          << name_of(vector);
      ++ran;
    }
  }
  EXPECT_EQ(ran, file.at("numberOfTests").get<std::size_t>());
  EXPECT_EQ(ran, 174U);
}

}  // namespace
}  // namespace xl::crypto
