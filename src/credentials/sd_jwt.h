// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json/json.h"
#include "base/result.h"
#include "credentials/jwt.h"
#include "crypto/signature.h"

/// Selective Disclosure for JWTs (RFC 9901) with SHA-256, and its key binding. No C or C++ library
/// of it is packaged for Debian 12 (docs/adr/0013).
namespace xl::credentials {

constexpr std::size_t sd_jwt_bytes_max = 64 * 1024;
constexpr std::size_t disclosures_max = 128;
constexpr std::size_t disclosure_bytes_max = 16 * 1024;
constexpr std::size_t claims_depth_max = 16;

/// The parts of an SD-JWT, or of an SD-JWT with key binding.
struct SdJwt {
  std::string issued;                    ///< the JWT that the issuer signed
  std::vector<std::string> disclosures;  ///< base64url, in order
  std::string binding;                   ///< the key binding JWT; empty: none

  /// Everything in front of the key binding JWT: `issued~disclosure~…~`.
  [[nodiscard]] std::string bare() const;
  /// `bare` with the key binding JWT behind it.
  [[nodiscard]] std::string text() const { return bare() + binding; }
};

/// Splits the compact form. Errors: credential_malformed.
[[nodiscard]] Result<SdJwt> split_sd_jwt(std::string_view text);

/// One disclosure, read.
struct Disclosure {
  std::string salt;
  std::string name;      ///< of a member; empty: an item of an array
  json::Document whole;  ///< the array as it was encoded
  bool is_item = false;

  [[nodiscard]] json::Value value() const { return whole.root().at(is_item ? 1 : 2); }
};

/// Errors: credential_malformed.
[[nodiscard]] Result<Disclosure> read_disclosure(std::string_view encoded);

/// The digest by which a payload names a disclosure: base64url of SHA-256 of its text.
[[nodiscard]] std::string digest_of(std::string_view disclosure);

/// The payload with everything that was disclosed in its place and nothing of the mechanism left
/// (RFC 9901 §7.1). Errors: credential_malformed: another hash, a digest or a disclosure twice, a
/// disclosure that nothing names, a name that is taken or reserved, too deep.
[[nodiscard]] Result<json::Document> disclose(json::Value payload,
                                              const std::vector<std::string>& disclosures);

/// What an issuer says, and what of it the holder may hide.
struct Claim {
  std::string name;
  std::string value;    ///< JSON
  bool hidden = false;  ///< behind a disclosure
};

/// An SD-JWT of these claims: those hidden behind digests with fresh salts of 128 bits, sorted.
/// `header` as for `sign_jws`. Preconditions: names are unique, values are JSON.
[[nodiscard]] SdJwt issue_sd_jwt(std::string_view header, const std::vector<Claim>& claims,
                                 const crypto::SigningKey& key);

/// The same SD-JWT with those disclosures only whose names are in `names`; items of arrays and
/// what stands within a disclosed value go with their member. Errors: credential_malformed,
/// credential_claim_hidden (a name that has no disclosure).
[[nodiscard]] Result<SdJwt> reveal(const SdJwt& from, const std::vector<std::string>& names);

/// The names that the disclosures of an SD-JWT have. Errors: credential_malformed.
[[nodiscard]] Result<std::vector<std::string>> disclosed_names(const SdJwt& from);

/// Binds a presentation to a verifier's nonce by the holder's key (RFC 9901 §4.3). `now_s`: seconds
/// since 1970.
void bind(SdJwt& presented, std::string_view audience, std::string_view nonce, std::uint64_t now_s,
          const crypto::SigningKey& key);

/// What a key binding has to say.
struct Bound {
  std::string audience;
  std::string nonce;
  std::uint64_t now_s = 0;
  std::uint64_t age_s_max = 600;
};

/// Errors: credential_holder_unproved (no key binding, another key, audience, nonce, presentation,
/// or one that was signed too long ago).
[[nodiscard]] Status check_binding(const SdJwt& presented, const crypto::JwsKey& holder,
                                   const Bound& wanted);

}  // namespace xl::credentials
