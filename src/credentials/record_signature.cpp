// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "credentials/record_signature.h"

#include "base/json/writer.h"
#include "contracts/api/contract.h"
#include "contracts/api/shape.h"
#include "contracts/identity/view.h"
#include "model/comet/json.h"

namespace xl::credentials {

namespace identity = contracts::identity;

namespace {

constexpr std::size_t signature_text_bytes_max = 8 * 1024;

Error bad_version_signature() { return make_error(ErrorCode::record_signature_invalid); }

/// A detached JWS: header, nothing, signature.
struct Detached {
  std::string header_text;
  json::Document header;
  Bytes signature;
};

Result<Detached> read_detached(std::string_view jws) {
  const std::size_t dots = jws.find("..");
  if (jws.size() > signature_text_bytes_max || dots == std::string_view::npos) {
    return bad_version_signature();
  }
  Bytes header;
  Detached out{std::string(jws.substr(0, dots)), json::Document::object(), {}};
  if (!from_base64url(out.header_text, header) ||
      !from_base64url(jws.substr(dots + 2), out.signature)) {
    return bad_version_signature();
  }
  auto parsed = json::parse(text_of(header), {});
  if (!parsed.ok() || parsed->root().find("crit").present()) return bad_version_signature();
  out.header = std::move(*parsed);
  return out;
}

Result<SignatureClaim> claim_of(const Detached& read) {
  const json::Value header = read.header.root();
  const auto signer = read_key_url(header.find("kid").as_string().value_or(""));
  const auto time =
      model::comet::timestamp_from_rfc3339(header.find("sigT").as_string().value_or(""));
  if (!signer || !time.ok()) return bad_version_signature();
  return SignatureClaim{*signer, time->milliseconds()};
}

/// The signer's key, while it was theirs.
Result<crypto::JwsKey> key_at(const model::StateReader& state, const SignatureClaim& claim) {
  const auto record = identity::find_key(state, claim.signer.key_id);
  const bool active = record && contracts::id_of(record->controller()) == claim.signer.did &&
                      !record->has_delegation() && claim.signed_ms >= record->not_before_ms() &&
                      (record->not_after_ms() == 0 || claim.signed_ms < record->not_after_ms()) &&
                      (record->revoked_at_ms() == 0 || claim.signed_ms < record->revoked_at_ms());
  if (!active) return bad_version_signature();
  const auto key = crypto::jws_key_of(static_cast<crypto::Algorithm>(record->algorithm()),
                                      view_of(record->public_key()));
  if (!key.ok()) return bad_version_signature();
  return key;
}

}  // namespace

std::string sign_version(std::string_view content, const KeyUrl& signer,
                         const crypto::SigningKey& key, const SdJwt& credential,
                         std::uint64_t signed_ms) {
  json::Writer header;
  header.begin_object().key("alg").string(jws_name_of(key)).key("typ").string("JOSE");
  header.key("kid").string(key_url(signer.did, signer.key_id));
  header.key("sigT").string(model::comet::to_rfc3339(model::comet::timestamp_from_ms(signed_ms)));
  header.key("x-credential").string(digest_of(credential.issued)).end_object();
  const std::string whole = sign_jws(header.take(), content, key);
  const std::size_t first = whole.find('.');
  return whole.substr(0, first) + "." + whole.substr(whole.rfind('.'));
}

Result<SignatureClaim> read_version_signature(std::string_view jws) {
  XL_TRY_ASSIGN(const Detached read, read_detached(jws));
  return claim_of(read);
}

Result<VersionSignature> check_version_signature(std::string_view jws, std::string_view content,
                                                 const SdJwt& credential,
                                                 const model::StateReader& state) {
  XL_TRY_ASSIGN(const Detached read, read_detached(jws));
  XL_TRY_ASSIGN(const SignatureClaim claim, claim_of(read));
  XL_TRY_ASSIGN(const crypto::JwsKey key, key_at(state, claim));
  const json::Value header = read.header.root();
  const std::string message = read.header_text + "." + to_base64url(view_of(content));
  if (header.find("alg").as_string() != crypto::jws_name(key.algorithm) ||
      !crypto::verify_jws(key, view_of(message), read.signature) ||
      header.find("x-credential").as_string() != digest_of(credential.issued)) {
    return bad_version_signature();
  }
  VersionSignature out;
  out.signer = claim.signer;
  out.signed_ms = claim.signed_ms;
  XL_TRY_ASSIGN(out.credential, check_credential(credential, state, {claim.signed_ms, true}));
  if (out.credential.type.type != CredentialType::licence || !out.credential.holder ||
      !same_key(*out.credential.holder, key)) {
    return bad_version_signature();
  }
  if (out.credential.standing != Standing::valid) {
    return make_error(error_of(out.credential.standing));
  }
  return out;
}

}  // namespace xl::credentials
