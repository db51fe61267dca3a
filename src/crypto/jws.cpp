// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "crypto/jws.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <array>
#include <string>

#include "crypto/openssl_handles.h"
#include "crypto/signature.h"

namespace xl::crypto {
namespace {

struct JwsRule {
  JwsAlgorithm algorithm;
  std::string_view name;
};
constexpr auto jws_rules = std::to_array<JwsRule>({
    {JwsAlgorithm::eddsa, "EdDSA"},
    {JwsAlgorithm::es256, "ES256"},
    {JwsAlgorithm::es384, "ES384"},
    {JwsAlgorithm::rs256, "RS256"},
});

constexpr std::size_t ed25519_signature_bytes = 64;
constexpr std::size_t rsa_exponent_bytes_max = 4;

std::size_t coordinate_bytes(JwsAlgorithm algorithm) {
  return algorithm == JwsAlgorithm::es384 ? 48 : 32;
}

struct SignatureDeleter {
  void operator()(ECDSA_SIG* object) const { ECDSA_SIG_free(object); }
};
struct BuilderDeleter {
  void operator()(OSSL_PARAM_BLD* object) const { OSSL_PARAM_BLD_free(object); }
};
struct ParametersDeleter {
  void operator()(OSSL_PARAM* object) const { OSSL_PARAM_free(object); }
};
using Builder = std::unique_ptr<OSSL_PARAM_BLD, BuilderDeleter>;

detail::Handle<EVP_PKEY> key_from(const char* type, OSSL_PARAM_BLD* builder) {
  const std::unique_ptr<OSSL_PARAM, ParametersDeleter> parameters(OSSL_PARAM_BLD_to_param(builder));
  const detail::Handle<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  XL_CHECK(parameters != nullptr && context != nullptr);
  XL_CHECK(EVP_PKEY_fromdata_init(context.get()) == 1);
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    return nullptr;
  }
  return detail::Handle<EVP_PKEY>(key);
}

/// Null when the point is not on the curve.
detail::Handle<EVP_PKEY> curve_key(const JwsKey& key) {
  const std::size_t size = coordinate_bytes(key.algorithm);
  if (key.first.size() != size || key.second.size() != size) return nullptr;
  Bytes point{4};  // SEC1 §2.3.3, uncompressed
  append(point, key.first);
  append(point, key.second);
  const std::string curve = key.algorithm == JwsAlgorithm::es384 ? "P-384" : "P-256";
  const Builder builder(OSSL_PARAM_BLD_new());
  XL_CHECK(builder != nullptr);
  XL_CHECK(OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.data(),
                                           curve.size()) == 1);
  XL_CHECK(OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                            point.size()) == 1);
  return key_from("EC", builder.get());
}

bool is_usable_rsa(const JwsKey& key) {
  const Bytes& modulus = key.first;
  const Bytes& exponent = key.second;
  return modulus.size() >= rsa_modulus_bytes_min && modulus.size() <= rsa_modulus_bytes_max &&
         modulus.front() >= 0x80 && (modulus.back() & 1) == 1 && !exponent.empty() &&
         exponent.size() <= rsa_exponent_bytes_max && exponent.front() != 0 &&
         (exponent.back() & 1) == 1 && !(exponent.size() == 1 && exponent[0] == 1);
}

detail::Handle<EVP_PKEY> rsa_key(const JwsKey& key) {
  if (!is_usable_rsa(key)) return nullptr;
  const auto number = [](const Bytes& bytes) {
    return detail::Handle<BIGNUM>(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  };
  const auto modulus = number(key.first);
  const auto exponent = number(key.second);
  const Builder builder(OSSL_PARAM_BLD_new());
  XL_CHECK(modulus != nullptr && exponent != nullptr && builder != nullptr);
  XL_CHECK(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) == 1);
  XL_CHECK(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) == 1);
  return key_from("RSA", builder.get());
}

detail::Handle<EVP_PKEY> object_of(const JwsKey& key) {
  return key.algorithm == JwsAlgorithm::rs256 ? rsa_key(key) : curve_key(key);
}

/// r‖s as OpenSSL wants it; empty when it has the wrong length.
Bytes der_of(JwsAlgorithm algorithm, ByteView signature) {
  const std::size_t size = coordinate_bytes(algorithm);
  if (signature.size() != 2 * size) return {};
  const std::unique_ptr<ECDSA_SIG, SignatureDeleter> both(ECDSA_SIG_new());
  XL_CHECK(both != nullptr);
  XL_CHECK(ECDSA_SIG_set0(both.get(), BN_bin2bn(signature.data(), static_cast<int>(size), nullptr),
                          BN_bin2bn(signature.data() + size, static_cast<int>(size), nullptr)) ==
           1);
  const int length = i2d_ECDSA_SIG(both.get(), nullptr);
  if (length <= 0) return {};
  Bytes out(static_cast<std::size_t>(length));
  std::uint8_t* end = out.data();
  return i2d_ECDSA_SIG(both.get(), &end) == length ? out : Bytes{};
}

bool verify_ed25519(const JwsKey& key, ByteView message, ByteView signature) {
  if (signature.size() != ed25519_signature_bytes) return false;
  Bytes with_suite{static_cast<std::uint8_t>(Suite::international)};
  append(with_suite, signature);
  return verify(Algorithm::ed25519, key.first, message, with_suite);
}

}  // namespace

std::string_view jws_name(JwsAlgorithm algorithm) {
  for (const JwsRule& rule : jws_rules) {
    if (rule.algorithm == algorithm) return rule.name;
  }
  return "";
}

bool jws_algorithm_of(std::string_view name, JwsAlgorithm& out) {
  for (const JwsRule& rule : jws_rules) {
    if (rule.name != name) continue;
    out = rule.algorithm;
    return true;
  }
  return false;
}

Status check_jws_key(const JwsKey& key) {
  bool good = false;
  if (key.algorithm == JwsAlgorithm::eddsa) {
    good = key.second.empty() && check_public_key(Algorithm::ed25519, key.first).ok();
  } else {
    good = object_of(key) != nullptr;
  }
  return good ? Status{} : Status(make_error(ErrorCode::json_web_key_malformed));
}

Result<JwsKey> jws_key_of(Algorithm algorithm, ByteView public_key) {
  if (algorithm == Algorithm::ed25519) {
    return JwsKey{JwsAlgorithm::eddsa, copy_of(public_key), {}};
  }
  if (algorithm != Algorithm::p256) return make_error(ErrorCode::algorithm_unknown);
  const detail::Handle<EC_GROUP> group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  XL_CHECK(group != nullptr);
  const detail::Handle<EC_POINT> point(EC_POINT_new(group.get()));
  XL_CHECK(point != nullptr);
  if (EC_POINT_oct2point(group.get(), point.get(), public_key.data(), public_key.size(), nullptr) !=
      1) {
    return make_error(ErrorCode::key_malformed);
  }
  std::array<std::uint8_t, 65> whole{};
  XL_CHECK(EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, whole.data(),
                              whole.size(), nullptr) == whole.size());
  const ByteView coordinates = ByteView(whole).subspan(1);
  return JwsKey{JwsAlgorithm::es256, copy_of(coordinates.first(32)),
                copy_of(coordinates.subspan(32))};
}

bool verify_jws(const JwsKey& key, ByteView message, ByteView signature) {
  if (key.algorithm == JwsAlgorithm::eddsa) return verify_ed25519(key, message, signature);
  const auto object = object_of(key);
  if (!object) return false;
  Bytes der = copy_of(signature);
  if (key.algorithm == JwsAlgorithm::rs256) {
    if (signature.size() != key.first.size()) return false;
  } else {
    der = der_of(key.algorithm, signature);
    if (der.empty()) return false;
  }
  const char* digest = key.algorithm == JwsAlgorithm::es384 ? "SHA384" : "SHA256";
  const detail::Handle<EVP_MD_CTX> context(EVP_MD_CTX_new());
  XL_CHECK(context != nullptr);
  if (EVP_DigestVerifyInit_ex(context.get(), nullptr, digest, nullptr, nullptr, object.get(),
                              nullptr) != 1) {
    return false;
  }
  return EVP_DigestVerify(context.get(), der.data(), der.size(), message.data(), message.size()) ==
         1;
}

}  // namespace xl::crypto
