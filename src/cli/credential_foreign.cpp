// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/credential_foreign.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/json/writer.h"
#include "credentials/data_integrity.h"
#include "credentials/health_card.h"
#include "credentials/sd_jwt.h"

namespace xl::cli {
namespace {

void show_foreign(std::string_view form, std::string_view issuer, std::string_view key,
                  const Console& console) {
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/foreign-credential-verification/v1");
    out.key("form").string(form).key("issuer").string(issuer).key("key").string(key);
    console.answer(out.end_object().take());
  } else {
    console.result(std::string(form) + "\t" + std::string(issuer) + "\t" + std::string(key));
  }
}

Result<int> verify_cards(const std::string& text, const std::string& issuer_file,
                         const Console& console) {
  if (issuer_file.empty()) return make_error(ErrorCode::credential_issuer_unknown);
  XL_TRY_ASSIGN(const Bytes content, read_file(issuer_file, credentials::jwks_bytes_max));
  XL_TRY_ASSIGN(const json::Document jwks,
                json::in_file(json::parse(text_of(content), {}), text_of(content), issuer_file));
  XL_TRY_ASSIGN(const auto keys, credentials::read_jwks(jwks.root(), false));
  XL_TRY_ASSIGN(const std::vector<std::string> cards, credentials::health_cards_in(text));
  const SystemClock clock;
  for (const std::string& one : cards) {
    XL_TRY_ASSIGN(const credentials::HealthCard card, credentials::read_health_card(one));
    XL_TRY(credentials::check_health_card(card, keys, clock.now_ms() / 1000));
    show_foreign("smart-health-card", card.issuer, card.key_id, console);
  }
  console.done("Signed with a key of the set given; revocation was not looked at",
               "由所给密钥集中的密钥签署;未检查吊销情况");
  return succeeded;
}

/// An SD-JWT of an issuer elsewhere, by its keys alone: the ledger says nothing of it.
Result<int> verify_foreign_sd_jwt(const std::string& text, const std::string& issuer_file,
                                  const Console& console) {
  XL_TRY_ASSIGN(const Bytes content, read_file(issuer_file, credentials::jwks_bytes_max));
  XL_TRY_ASSIGN(const json::Document jwks,
                json::in_file(json::parse(text_of(content), {}), text_of(content), issuer_file));
  XL_TRY_ASSIGN(const auto keys, credentials::read_jwks(jwks.root(), false));
  XL_TRY_ASSIGN(const credentials::SdJwt split, credentials::split_sd_jwt(text));
  const auto token = credentials::read_jwt(
      split.issued, {credentials::sd_jwt_bytes_max, credentials::claims_depth_max});
  if (!token.ok()) return make_error(ErrorCode::credential_malformed);
  if (!credentials::verify(*token, keys)) {
    return make_error(ErrorCode::credential_signature_invalid);
  }
  XL_TRY_ASSIGN(const json::Document claims,
                credentials::disclose(token->payload.root(), split.disclosures));
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/foreign-credential-verification/v1");
    out.key("form").string("sd-jwt").key("issuer").string(token->text("iss"));
    out.key("key").string(token->key_id).key("claims").value(claims.root());
    console.answer(out.end_object().take());
  } else {
    console.result(json::write(claims.root(), json::Style::pretty));
  }
  console.done("Signed with a key of the set given; its period and status were not looked at",
               "由所给密钥集中的密钥签署;未检查有效期和状态");
  return succeeded;
}

Result<int> verify_jose(const std::string& text, const std::string& issuer_file,
                        const Console& console) {
  std::vector<credentials::NamedKey> keys;
  if (!issuer_file.empty()) {
    XL_TRY_ASSIGN(const Bytes content, read_file(issuer_file, credentials::jwks_bytes_max));
    XL_TRY_ASSIGN(const json::Document jwks,
                  json::in_file(json::parse(text_of(content), {}), text_of(content), issuer_file));
    XL_TRY_ASSIGN(keys, credentials::read_jwks(jwks.root(), false));
  }
  XL_TRY_ASSIGN(const credentials::Jwt token, credentials::check_jose_credential(text, keys));
  const json::Value issuer = token.payload.root().find("issuer");
  show_foreign("vc-jwt", issuer.as_string().value_or(issuer.find("id").as_string().value_or("")),
               token.key_id, console);
  console.done("Signed with that key; its period and status were not looked at",
               "由该密钥签署;未检查有效期和状态");
  return succeeded;
}

/// True for a compact JWS that says it is a W3C credential.
bool is_jose(const std::string& text) {
  const auto token = credentials::read_jwt(text, {4U << 20U, 32});
  return token.ok() && token->type() == "vc+jwt";
}

Result<int> verify_integrity(json::Value document, const Console& console) {
  XL_TRY(credentials::check_data_model(document));
  XL_TRY_ASSIGN(const std::string signer, credentials::check_data_integrity(document));
  const json::Value issuer = document.find("issuer");
  show_foreign("eddsa-jcs-2022",
               issuer.as_string().value_or(issuer.find("id").as_string().value_or("")), signer,
               console);
  console.done("Signed with that key; whether it is the issuer's is for you to know",
               "由该密钥签署;该密钥是否属于签发者须由您判断");
  return succeeded;
}

}  // namespace

std::optional<Result<int>> verify_foreign(const std::string& text, const std::string& issuer_file,
                                          const Console& console) {
  if (text.starts_with("shc:/")) return verify_cards(text, issuer_file, console);
  if (text.starts_with('{')) {
    json::Limits bounds;
    bounds.bytes_max = credentials::health_card_payload_bytes_max;
    const auto document = json::parse(text, bounds);
    if (!document.ok()) return Result<int>(document.error());
    if (document->root().find("proof").present()) {
      return verify_integrity(document->root(), console);
    }
    return verify_cards(text, issuer_file, console);
  }
  if (text.find('~') == std::string::npos) {
    return is_jose(text) ? verify_jose(text, issuer_file, console)
                         : verify_cards(text, issuer_file, console);
  }
  if (!issuer_file.empty()) return verify_foreign_sd_jwt(text, issuer_file, console);
  return std::nullopt;
}

}  // namespace xl::cli
