// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: signatures of JSON Web Tokens are accepted as RFC 7518 and RFC 8037 say, and no others.
// Method: the vector of RFC 8037, Wycheproof's tokens, and a P-384 key of OpenSSL's own.
#include "crypto/jws.h"

#include <gtest/gtest.h>
#include <openssl/ecdsa.h>

#include "crypto/openssl_handles.h"
#include "crypto/signature.h"
#include "crypto/tests/vectors.h"

namespace xl::crypto {
namespace {

Bytes from_url(std::string_view text) {
  Bytes out;
  EXPECT_TRUE(from_base64url(text, out)) << text;
  return out;
}

TEST(Jws, VerifiesTheVectorOfRfc8037) {
  const JwsKey key{
      JwsAlgorithm::eddsa, from_url("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"), {}};
  const std::string text = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
  Bytes signature = from_url(
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_"
      "MuM0KAg");
  EXPECT_TRUE(check_jws_key(key).ok());
  EXPECT_TRUE(verify_jws(key, view_of(text), signature));
  EXPECT_FALSE(verify_jws(key, view_of(text + "x"), signature));
  signature[0] ^= 1;
  EXPECT_FALSE(verify_jws(key, view_of(text), signature));
  signature.pop_back();
  EXPECT_FALSE(verify_jws(key, view_of(text), signature));
}

/// True when a token in compact form is one of `key`'s, header and all.
bool accepts(const JwsKey& key, const std::string& token) {
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string::npos ? first : token.find('.', first + 1);
  if (second == std::string::npos) return false;
  Bytes header;
  Bytes signature;
  if (!from_base64url(token.substr(0, first), header) ||
      !from_base64url(token.substr(second + 1), signature)) {
    return false;
  }
  const auto said = nlohmann::json::parse(text_of(header), nullptr, false);
  JwsAlgorithm algorithm{};
  return said.is_object() && said.contains("alg") && said["alg"].is_string() &&
         jws_algorithm_of(said["alg"].get<std::string>(), algorithm) &&
         algorithm == key.algorithm &&
         verify_jws(key, view_of(std::string_view(token).substr(0, second)), signature);
}

TEST(Jws, AgreesWithWycheproof) {
  const auto path = test::shared_data() / "crypto/wycheproof/json_web_signature_test.json";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "skipped: ../shared/data not found";
  const nlohmann::json file = test::read_json(path);
  int valid = 0;
  int invalid = 0;
  for (const auto& group : file["testGroups"]) {
    if (!group.contains("public") || !group["public"].contains("alg")) continue;
    const auto& jwk = group["public"];
    JwsKey key;
    if (!jws_algorithm_of(jwk["alg"].get<std::string>(), key.algorithm)) continue;
    const bool rsa = key.algorithm == JwsAlgorithm::rs256;
    key.first = from_url(jwk[rsa ? "n" : "x"].get<std::string>());
    key.second = from_url(jwk[rsa ? "e" : "y"].get<std::string>());
    for (const auto& one : group["tests"]) {
      const bool good = one["result"] == "valid";
      ++(good ? valid : invalid);
      if (check_jws_key(key).ok() || good) {
        EXPECT_EQ(accepts(key, one["jws"].get<std::string>()), good)
            << one["tcId"] << " " << one["comment"];
      }
    }
  }
  EXPECT_GE(valid, 6);
  EXPECT_GE(invalid, 200);
}

/// A P-384 key and what it signs, r ‖ s.
struct P384Key {
  detail::Handle<EVP_PKEY> object{EVP_EC_gen("P-384")};

  [[nodiscard]] JwsKey key() const {
    std::array<std::uint8_t, 97> point{};
    std::size_t size = 0;
    EXPECT_EQ(
        EVP_PKEY_get_octet_string_param(object.get(), "pub", point.data(), point.size(), &size), 1);
    EXPECT_EQ(size, point.size());
    const ByteView both = ByteView(point).subspan(1);
    return {JwsAlgorithm::es384, copy_of(both.first(48)), copy_of(both.subspan(48))};
  }
  [[nodiscard]] Bytes sign(ByteView message) const {
    const detail::Handle<EVP_MD_CTX> context(EVP_MD_CTX_new());
    EXPECT_EQ(EVP_DigestSignInit_ex(context.get(), nullptr, "SHA384", nullptr, nullptr,
                                    object.get(), nullptr),
              1);
    Bytes der(160);
    std::size_t size = der.size();
    EXPECT_EQ(EVP_DigestSign(context.get(), der.data(), &size, message.data(), message.size()), 1);
    const std::uint8_t* at = der.data();
    ECDSA_SIG* both = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size));
    Bytes out(96);
    EXPECT_EQ(BN_bn2binpad(ECDSA_SIG_get0_r(both), out.data(), 48), 48);
    EXPECT_EQ(BN_bn2binpad(ECDSA_SIG_get0_s(both), out.data() + 48, 48), 48);
    ECDSA_SIG_free(both);
    return out;
  }
};

TEST(Jws, VerifiesP384) {
  const P384Key maker;
  const JwsKey key = maker.key();
  const Bytes signature = maker.sign(view_of("a token"));
  ASSERT_TRUE(check_jws_key(key).ok());
  EXPECT_TRUE(verify_jws(key, view_of("a token"), signature));
  EXPECT_FALSE(verify_jws(key, view_of("another"), signature));
  EXPECT_FALSE(verify_jws(P384Key{}.key(), view_of("a token"), signature));
  EXPECT_FALSE(verify_jws(key, view_of("a token"), Bytes(96)));
  EXPECT_FALSE(verify_jws(key, view_of("a token"), ByteView(signature).first(64)));
  JwsKey off = key;
  off.second[47] ^= 1;
  EXPECT_EQ(check_jws_key(off).error().code, ErrorCode::json_web_key_malformed);
  EXPECT_FALSE(verify_jws(off, view_of("a token"), signature));
}

TEST(Jws, TakesKeysOfTheLedger) {
  for (const auto algorithm : {Algorithm::ed25519, Algorithm::p256}) {
    const auto maker = SigningKey::generate(algorithm);
    const auto key = jws_key_of(algorithm, maker->public_key());
    ASSERT_TRUE(key.ok() && check_jws_key(*key).ok());
    const Bytes signature = maker->sign(view_of("a token"));
    EXPECT_TRUE(verify_jws(*key, view_of("a token"), ByteView(signature).subspan(1)));
  }
  EXPECT_FALSE(jws_key_of(Algorithm::webauthn_p256, Bytes(40)).ok());
  EXPECT_FALSE(jws_key_of(Algorithm::p256, Bytes(33)).ok());
}

TEST(Jws, BoundsRsaKeys) {
  const auto code = [](std::size_t bytes, Bytes exponent) {
    Bytes modulus(bytes, 0xff);
    const Status checked = check_jws_key({JwsAlgorithm::rs256, modulus, std::move(exponent)});
    return checked.ok();
  };
  EXPECT_TRUE(code(rsa_modulus_bytes_min, {1, 0, 1}));
  EXPECT_TRUE(code(rsa_modulus_bytes_max, {1, 0, 1}));
  EXPECT_FALSE(code(rsa_modulus_bytes_min - 1, {1, 0, 1}));
  EXPECT_FALSE(code(rsa_modulus_bytes_max + 1, {1, 0, 1}));
  EXPECT_FALSE(code(rsa_modulus_bytes_min, {1}));
  EXPECT_FALSE(code(rsa_modulus_bytes_min, {2}));
  EXPECT_FALSE(code(rsa_modulus_bytes_min, {1, 0, 0, 0, 1}));
}

}  // namespace
}  // namespace xl::crypto
