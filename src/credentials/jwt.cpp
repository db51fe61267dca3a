// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "credentials/jwt.h"

#include <algorithm>

#include "crypto/hash.h"

namespace xl::credentials {
namespace {

Error no_token() { return make_error(ErrorCode::token_invalid, "no usable JSON Web Token"); }
Error bad_key(std::string_view what) { return make_error(ErrorCode::json_web_key_malformed, what); }

Result<json::Document> read_part(std::string_view text, const JwtBounds& limits) {
  Bytes bytes;
  if (!from_base64url(text, bytes)) return no_token();
  json::Limits bounds;
  bounds.bytes_max = limits.bytes_max;
  bounds.depth_max = limits.depth_max;
  auto out = json::parse(text_of(bytes), bounds);
  if (!out.ok() || !out->root().is_object()) return no_token();
  return out;
}

bool read_number(json::Value jwk, std::string_view name, Bytes& out) {
  const auto text = jwk.find(name).as_string();
  return text && from_base64url(*text, out) && !out.empty();
}

/// Which algorithm a key is for, by its type and curve; `alg` must agree.
Result<crypto::JwsAlgorithm> algorithm_of(json::Value jwk) {
  const auto type = jwk.find("kty").as_string().value_or("");
  const auto curve = jwk.find("crv").as_string().value_or("");
  std::optional<crypto::JwsAlgorithm> out;
  if (type == "OKP" && curve == "Ed25519") out = crypto::JwsAlgorithm::eddsa;
  if (type == "EC" && curve == "P-256") out = crypto::JwsAlgorithm::es256;
  if (type == "EC" && curve == "P-384") out = crypto::JwsAlgorithm::es384;
  if (type == "RSA") out = crypto::JwsAlgorithm::rs256;
  if (!out) return bad_key("kty or crv");
  const auto named = jwk.find("alg").as_string();
  if (named && *named != crypto::jws_name(*out)) return bad_key("alg");
  return *out;
}

}  // namespace

std::string Jwt::text(std::string_view name) const {
  return std::string(payload.root().find(name).as_string().value_or(""));
}

std::optional<std::uint64_t> Jwt::seconds(std::string_view name) const {
  return payload.root().find(name).as_uint64();
}

bool Jwt::is_for(std::string_view audience) const {
  const json::Value given = payload.root().find("aud");
  if (given.as_string() == audience) return true;
  const auto items = given.items();
  return std::any_of(items.begin(), items.end(),
                     [&](json::Value one) { return one.as_string() == audience; });
}

std::string Jwt::type() const {
  return std::string(header.root().find("typ").as_string().value_or(""));
}

Result<Jwt> read_jwt(std::string_view text, const JwtBounds& bounds) {
  const std::size_t first = text.find('.');
  const std::size_t second = first == std::string_view::npos ? first : text.find('.', first + 1);
  if (text.size() > bounds.bytes_max || second == std::string_view::npos) return no_token();
  XL_TRY_ASSIGN(json::Document header, read_part(text.substr(0, first), bounds));
  XL_TRY_ASSIGN(json::Document payload,
                read_part(text.substr(first + 1, second - first - 1), bounds));
  Jwt out{{}, {}, std::move(header), std::move(payload), std::string(text.substr(0, second)), {}};
  const json::Value head = out.header.root();
  const auto name = head.find("alg").as_string().value_or("");
  if (!crypto::jws_algorithm_of(name, out.algorithm)) return no_token();
  if (head.find("crit").present()) return no_token();
  out.key_id = head.find("kid").as_string().value_or("");
  if (!from_base64url(text.substr(second + 1), out.signature)) return no_token();
  return out;
}

Result<NamedKey> read_jwk(json::Value jwk) {
  if (!jwk.is_object()) return bad_key("no object");
  for (const char* secret : {"d", "p", "q", "k"}) {
    if (jwk.find(secret).present()) return bad_key("a private key: nobody else may have it");
  }
  NamedKey out;
  out.id = jwk.find("kid").as_string().value_or("");
  XL_TRY_ASSIGN(out.key.algorithm, algorithm_of(jwk));
  const bool is_rsa = out.key.algorithm == crypto::JwsAlgorithm::rs256;
  if (!read_number(jwk, is_rsa ? "n" : "x", out.key.first)) return bad_key("x or n");
  if (out.key.algorithm != crypto::JwsAlgorithm::eddsa &&
      !read_number(jwk, is_rsa ? "e" : "y", out.key.second)) {
    return bad_key("y or e");
  }
  XL_TRY(crypto::check_jws_key(out.key));
  return out;
}

Result<std::vector<NamedKey>> read_jwks(json::Value jwks, bool strict) {
  const json::Value keys = jwks.find("keys");
  if (!keys.is_array() || keys.size() > jwks_keys_max) return bad_key("keys");
  std::vector<NamedKey> out;
  for (const json::Value jwk : keys.items()) {
    const auto use = jwk.find("use").as_string();
    if (use && *use != "sig" && !strict) continue;
    auto one = read_jwk(jwk);
    if (!one.ok() && strict) return one.error();
    if (!one.ok()) continue;
    const bool twice = std::any_of(out.begin(), out.end(), [&](const NamedKey& other) {
      return !other.id.empty() && other.id == one->id;
    });
    if (twice) return bad_key("twice the same kid");
    out.push_back(std::move(*one));
  }
  if (out.empty()) return bad_key("no key that can verify");
  return out;
}

bool verify(const Jwt& token, const crypto::JwsKey& key) {
  return key.algorithm == token.algorithm &&
         crypto::verify_jws(key, view_of(token.signed_text), token.signature);
}

bool verify(const Jwt& token, const std::vector<NamedKey>& keys) {
  return std::any_of(keys.begin(), keys.end(), [&](const NamedKey& one) {
    return (token.key_id.empty() || one.id.empty() || one.id == token.key_id) &&
           verify(token, one.key);
  });
}

std::string_view jws_name_of(const crypto::SigningKey& key) {
  return crypto::jws_name(key.algorithm() == crypto::Algorithm::p256 ? crypto::JwsAlgorithm::es256
                                                                     : crypto::JwsAlgorithm::eddsa);
}

std::string sign_jws(std::string_view header, std::string_view payload,
                     const crypto::SigningKey& key) {
  std::string out = to_base64url(view_of(header)) + "." + to_base64url(view_of(payload));
  const Bytes signature = key.sign(view_of(out));
  return out + "." + to_base64url(ByteView(signature).subspan(1));  // behind the suite byte
}

std::string make_jwt(std::string_view payload, const crypto::SigningKey& key,
                     std::string_view key_id) {
  json::Writer header;
  header.begin_object().key("alg").string("ES256").key("typ").string("JWT");
  header.key("kid").string(key_id).end_object();
  return sign_jws(header.take(), payload, key);
}

std::string jwk_text(const crypto::SigningKey& key, std::string_view key_id) {
  const crypto::JwsKey point = public_half(key);
  json::Writer out;
  out.begin_object().key("kty").string("EC").key("crv").string("P-256");
  out.key("x").string(to_base64url(point.first)).key("y").string(to_base64url(point.second));
  out.key("use").string("sig").key("alg").string("ES256").key("kid").string(key_id);
  return out.end_object().take();
}

crypto::JwsKey public_half(const crypto::SigningKey& key) {
  auto out = crypto::jws_key_of(key.algorithm(), key.public_key());
  XL_CHECK(out.ok());
  return std::move(*out);
}

void write_jwk(json::Writer& out, const crypto::JwsKey& key) {
  XL_CHECK(key.algorithm != crypto::JwsAlgorithm::rs256);
  const bool is_okp = key.algorithm == crypto::JwsAlgorithm::eddsa;
  const bool is_small = key.algorithm == crypto::JwsAlgorithm::es256;
  out.begin_object();  // members in the order of RFC 7638 §3.2
  out.key("crv").string(is_okp ? "Ed25519" : is_small ? "P-256" : "P-384");
  out.key("kty").string(is_okp ? "OKP" : "EC");
  out.key("x").string(to_base64url(key.first));
  if (!is_okp) out.key("y").string(to_base64url(key.second));
  out.end_object();
}

std::string thumbprint(const crypto::JwsKey& key) {
  json::Writer out;
  write_jwk(out, key);
  return to_base64url(crypto::sha256(view_of(out.take())));
}

bool same_key(const crypto::JwsKey& a, const crypto::JwsKey& b) {
  return a.algorithm == b.algorithm && a.first == b.first && a.second == b.second;
}

}  // namespace xl::credentials
