// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json/json.h"
#include "base/json/writer.h"
#include "crypto/jws.h"
#include "crypto/signature.h"

namespace xl::credentials {

constexpr std::size_t jwt_bytes_max = 16 * 1024;
constexpr std::size_t jwks_bytes_max = 64 * 1024;
constexpr std::size_t jwks_keys_max = 32;

/// What one token may cost.
struct JwtBounds {
  std::size_t bytes_max = jwt_bytes_max;  ///< of the whole text
  std::size_t depth_max = 8;              ///< of its JSON
};

/// A JSON Web Token (RFC 7519) as it came: nothing of it is believed before `verify`.
struct Jwt {
  crypto::JwsAlgorithm algorithm{};
  std::string key_id;      ///< `kid`; empty: none
  json::Document header;   ///< an object
  json::Document payload;  ///< an object
  std::string signed_text;
  Bytes signature;

  /// A text of the payload; empty when it is none.
  [[nodiscard]] std::string text(std::string_view name) const;
  /// `typ` of the header; empty without one.
  [[nodiscard]] std::string type() const;
  /// Seconds since 1970; nothing when it is no whole number.
  [[nodiscard]] std::optional<std::uint64_t> seconds(std::string_view name) const;
  /// True when `aud` is this value, or a list with it.
  [[nodiscard]] bool is_for(std::string_view audience) const;
};

/// Reads a token in compact form. Errors: token_invalid (no such token, an algorithm that is not
/// offered, `none` among them, or a critical header).
[[nodiscard]] Result<Jwt> read_jwt(std::string_view text, const JwtBounds& bounds = {});

/// A key of a JWK Set, with the id it has there.
struct NamedKey {
  std::string id;
  crypto::JwsKey key;
};

/// Reads one JWK (RFC 7517). Errors: json_web_key_malformed (a private key too).
[[nodiscard]] Result<NamedKey> read_jwk(json::Value jwk);

/// Reads `{"keys": [...]}`: the keys that can verify something; others are left out, as RFC 7517 §5
/// wants, unless `strict`. Errors: json_web_key_malformed (none, too many, twice the same id, a
/// private key).
[[nodiscard]] Result<std::vector<NamedKey>> read_jwks(json::Value jwks, bool strict);

/// True when this key made the token's signature.
[[nodiscard]] bool verify(const Jwt& token, const crypto::JwsKey& key);
/// True when one of the keys made the token's signature: the one it names, or any when it names
/// none.
[[nodiscard]] bool verify(const Jwt& token, const std::vector<NamedKey>& keys);

/// The name of the algorithm with which a key signs: `EdDSA` or `ES256`.
[[nodiscard]] std::string_view jws_name_of(const crypto::SigningKey& key);

/// `payload` behind `header` (JSON objects; the header's `alg` is the key's) in compact form.
[[nodiscard]] std::string sign_jws(std::string_view header, std::string_view payload,
                                   const crypto::SigningKey& key);

/// `payload` (a JSON object) signed with a P-256 key as ES256. Precondition: the key is one.
[[nodiscard]] std::string make_jwt(std::string_view payload, const crypto::SigningKey& key,
                                   std::string_view key_id);

/// The public half of a P-256 key as a JWK for signatures. Precondition: the key is one.
[[nodiscard]] std::string jwk_text(const crypto::SigningKey& key, std::string_view key_id);

/// The public half of a signing key. Precondition: Ed25519 or P-256, as all of them are.
[[nodiscard]] crypto::JwsKey public_half(const crypto::SigningKey& key);

/// Writes `{"kty", "crv", "x"[, "y"]}` as the next value. Precondition: no RSA key.
void write_jwk(json::Writer& out, const crypto::JwsKey& key);

/// The JWK's SHA-256 thumbprint (RFC 7638), base64url. Precondition: no RSA key.
[[nodiscard]] std::string thumbprint(const crypto::JwsKey& key);

/// True when both are the same key.
[[nodiscard]] bool same_key(const crypto::JwsKey& a, const crypto::JwsKey& b);

}  // namespace xl::credentials
