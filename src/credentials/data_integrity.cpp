// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "credentials/data_integrity.h"

#include <algorithm>
#include <array>

#include "base/json/writer.h"
#include "credentials/did.h"
#include "credentials/multibase.h"
#include "crypto/hash.h"

namespace xl::credentials {
namespace {

constexpr std::size_t jose_bytes_max = 4U << 20U;
constexpr std::size_t jose_depth_max = 32;
constexpr std::string_view base_context = "https://www.w3.org/ns/credentials/v2";

Error wrong_member(std::string_view what) {
  return make_error(ErrorCode::credential_malformed, what);
}

/// A URL as far as a credential needs one: a scheme and something behind it.
bool is_url(json::Value value) {
  const auto text = value.as_string();
  if (!text) return false;
  const std::size_t colon = text->find(':');
  const std::string_view scheme = text->substr(0, colon);
  return colon != std::string_view::npos && colon > 0 && colon + 1 < text->size() &&
         text->find(' ') == std::string_view::npos &&
         std::all_of(scheme.begin(), scheme.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '+' || c == '-' || c == '.';
         });
}

bool has_text(json::Value list, std::string_view wanted) {
  if (list.as_string() == wanted) return true;
  const auto items = list.items();
  return std::any_of(items.begin(), items.end(),
                     [&](json::Value one) { return one.as_string() == wanted; });
}

/// `YYYY-MM-DDTHH:MM:SS`, perhaps a fraction, a zone (xsd:dateTimeStamp).
bool is_time(json::Value value) {
  const auto text = value.as_string();
  if (!text || text->size() < 20) return false;
  constexpr std::string_view form = "dddd-dd-ddTdd:dd:dd";
  for (std::size_t i = 0; i < form.size(); ++i) {
    const char c = (*text)[i];
    if (form[i] == 'd' ? c < '0' || c > '9' : c != form[i]) return false;
  }
  std::string_view zone = text->substr(form.size());
  if (zone.starts_with('.')) {
    zone.remove_prefix(std::min(zone.find_first_not_of("0123456789", 1), zone.size()));
  }
  return zone == "Z" || (zone.size() == 6 && (zone[0] == '+' || zone[0] == '-') && zone[3] == ':');
}

/// Calls `check` for a value, or each item of an array; an empty array fails.
template <typename Check>
bool each(json::Value value, Check check) {
  if (!value.is_array()) return check(value);
  const auto items = value.items();
  return value.size() > 0 && std::all_of(items.begin(), items.end(), check);
}

bool has_type(json::Value value) {
  return value.is_object() &&
         each(value.find("type"), [](json::Value one) { return one.as_string().has_value(); });
}

bool has_optional_id(json::Value value) {
  const json::Value id = value.find("id");
  return !id.present() || is_url(id);
}

/// A text, or texts with a language and a direction and nothing else (§11.1).
bool is_language_text(json::Value value) {
  return each(value, [](json::Value one) {
    if (one.is_string()) return true;
    const auto members = one.members();
    return one.find("@value").is_string() &&
           std::all_of(members.begin(), members.end(), [](const json::Member& member) {
             return member.key == "@value" || member.key == "@language" ||
                    member.key == "@direction";
           });
  });
}

Status check_names(json::Value value) {
  for (const std::string_view name : {"name", "description"}) {
    const json::Value one = value.find(name);
    if (one.present() && !is_language_text(one)) return wrong_member("name.language");
  }
  return {};
}

Status check_context(json::Value document) {
  const json::Value context = document.find("@context");
  const json::Value first = context.is_array() ? context.at(0) : context;
  const bool fits = each(context, [](json::Value one) { return one.is_object() || is_url(one); });
  if (!fits || first.as_string() != base_context) return wrong_member("document.context");
  return {};
}

/// `type` must be there, with the one that is asked for first of all.
Status check_types(json::Value document, std::string_view wanted) {
  const json::Value type = document.find("type");
  if (!has_text(type, wanted) || !has_type(document)) return wrong_member("document.type");
  return {};
}

Status check_times(json::Value document) {
  const json::Value from = document.find("validFrom");
  const json::Value until = document.find("validUntil");
  if (from.present() && !is_time(from)) return wrong_member("document.valid_from");
  if (until.present() && !is_time(until)) return wrong_member("document.valid_until");
  // Texts of one zone compare as times.
  if (from.present() && until.present() && from.as_string()->ends_with('Z') &&
      until.as_string()->ends_with('Z') && *until.as_string() < *from.as_string()) {
    return wrong_member("document.valid_until");
  }
  return {};
}

Status check_credential_model(json::Value document) {
  XL_TRY(check_types(document, "VerifiableCredential"));
  const json::Value issuer = document.find("issuer");
  if (!is_url(issuer) && !is_url(issuer.find("id"))) return wrong_member("document.issuer");
  XL_TRY(check_names(document));
  XL_TRY(check_names(issuer));
  XL_TRY(check_times(document));
  const bool subjects = each(document.find("credentialSubject"), [](json::Value one) {
    return one.is_object() && one.size() > 0 && has_optional_id(one);
  });
  if (!subjects) return wrong_member("document.subject");
  for (const std::string_view typed : {"credentialStatus", "credentialSchema", "refreshService",
                                       "termsOfUse", "evidence", "proof"}) {
    const json::Value value = document.find(typed);
    const bool fits = !value.present() || each(value, [](json::Value one) {
      return has_type(one) && has_optional_id(one);
    });
    if (!fits) return wrong_member("document.type_missing");
  }
  return {};
}

Status check_presentation_model(json::Value document) {
  XL_TRY(check_types(document, "VerifiablePresentation"));
  const json::Value holder = document.find("holder");
  if (holder.present() && !is_url(holder) && !is_url(holder.find("id"))) {
    return wrong_member("document.holder");
  }
  const json::Value held = document.find("verifiableCredential");
  const bool fits = !held.present() || each(held, [](json::Value one) { return has_type(one); });
  if (!fits) return wrong_member("document.credential");
  return {};
}

}  // namespace

Result<Bytes> integrity_hash(json::Value document, json::Value proof) {
  if (!document.is_object() || !proof.is_object()) return wrong_member("document.proof");
  json::Document options = json::Document::copy(proof);
  (void)options.edit().remove("proofValue");
  json::Document plain = json::Document::copy(document);
  (void)plain.edit().remove("proof");
  XL_TRY_ASSIGN(const std::string options_text, canonical_json(options.root()));
  XL_TRY_ASSIGN(const std::string plain_text, canonical_json(plain.root()));
  Bytes out;
  append(out, crypto::sha256(view_of(options_text)));
  append(out, crypto::sha256(view_of(plain_text)));
  return out;
}

Result<std::string> check_data_integrity(json::Value document) {
  const json::Value proof = document.find("proof");
  if (!proof.is_object()) return wrong_member("document.proof");
  if (proof.find("type").as_string() != "DataIntegrityProof" ||
      proof.find("cryptosuite").as_string() != "eddsa-jcs-2022") {
    return make_error(ErrorCode::credential_proof_unsupported);
  }
  if (proof.find("proofPurpose").as_string() != "assertionMethod") {
    return wrong_member("proof.purpose");
  }
  const json::Value context = proof.find("@context");
  if (context.present() && !json::identical(context, document.find("@context"))) {
    return wrong_member("proof.context");
  }
  const std::string_view method = proof.find("verificationMethod").as_string().value_or("");
  const std::string_view did = method.substr(0, method.find('#'));
  if (!did.starts_with(did_key_prefix)) return make_error(ErrorCode::did_method_unsupported);
  XL_TRY_ASSIGN(const crypto::JwsKey key, key_of_did_key(did));
  Bytes signature;
  const std::string_view value = proof.find("proofValue").as_string().value_or("");
  if (!value.starts_with('z') || !from_multibase(value, signature)) {
    return wrong_member("proof.value");
  }
  XL_TRY_ASSIGN(const Bytes hash, integrity_hash(document, proof));
  if (key.algorithm != crypto::JwsAlgorithm::eddsa || !crypto::verify_jws(key, hash, signature)) {
    return make_error(ErrorCode::credential_signature_invalid);
  }
  return std::string(did);
}

Result<Jwt> check_jose_credential(std::string_view text, const std::vector<NamedKey>& keys) {
  auto token = read_jwt(text, {jose_bytes_max, jose_depth_max});
  if (!token.ok() || token->type() != "vc+jwt") return wrong_member("header.typ");
  XL_TRY(check_data_model(token->payload.root()));
  if (!keys.empty()) {
    if (!verify(*token, keys)) return make_error(ErrorCode::credential_signature_invalid);
    return token;
  }
  const auto key = key_of_did_key(token->key_id.substr(0, token->key_id.find('#')));
  if (!key.ok()) return make_error(ErrorCode::credential_issuer_unknown);
  if (!verify(*token, *key)) return make_error(ErrorCode::credential_signature_invalid);
  return token;
}

Status check_data_model(json::Value document) {
  if (!document.is_object()) return wrong_member("document.type");
  XL_TRY(check_context(document));
  if (!has_optional_id(document)) return wrong_member("document.id");
  return has_text(document.find("type"), "VerifiablePresentation")
             ? check_presentation_model(document)
             : check_credential_model(document);
}

}  // namespace xl::credentials
