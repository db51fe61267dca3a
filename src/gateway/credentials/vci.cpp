// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/credentials/vci.h"

#include <algorithm>
#include <array>

#include "base/json/writer.h"
#include "contracts/credentials/view.h"
#include "contracts/identity/view.h"
#include "credentials/did.h"
#include "gateway/credentials/issue.h"
#include "gateway/problem.h"
#include "gateway/smart/visit.h"

namespace xl::gateway::credentials {
namespace {

constexpr std::string_view pre_authorized = "urn:ietf:params:oauth:grant-type:pre-authorized_code";
constexpr std::string_view proof_type = "openid4vci-proof+jwt";
constexpr std::uint64_t proof_age_s_max = 600;
constexpr std::uint64_t proof_ahead_s_max = 60;

struct ProtocolWord {
  ErrorCode code;
  std::string_view word;
};
constexpr auto protocol_words = std::to_array<ProtocolWord>({
    {ErrorCode::token_invalid, "invalid_token"},
    {ErrorCode::credential_grant_invalid, "invalid_grant"},
    {ErrorCode::smart_grant_unsupported, "unsupported_grant_type"},
    {ErrorCode::credential_nonce_invalid, "invalid_nonce"},
    {ErrorCode::credential_proof_invalid, "invalid_proof"},
    {ErrorCode::credential_type_unknown, "unknown_credential_configuration"},
    {ErrorCode::credential_request_invalid, "invalid_credential_request"},
    {ErrorCode::credential_issuer_unaccredited, "credential_request_denied"},
    {ErrorCode::credential_requests_exceeded, "temporarily_unavailable"},
});

void write_algorithms(json::Writer& out) {
  out.begin_array().string("EdDSA").string("ES256").end_array();
}

/// One type that the organisation may issue now.
void write_configuration(json::Writer& out, const Call& call, const vc::TypeRule& type) {
  const std::string vct = vc::vct_of(call.url, type);
  out.key(type.name).begin_object().key("format").string("dc+sd-jwt").key("vct").string(vct);
  out.key("cryptographic_binding_methods_supported").begin_array();
  out.string("jwk").string("did:key").string("did:xinglin").end_array();
  out.key("credential_signing_alg_values_supported").begin_array();
  out.string(vc::jws_name_of(call.organisation.stores().identity().key)).end_array();
  out.key("proof_types_supported").begin_object().key("jwt").begin_object();
  out.key("proof_signing_alg_values_supported");
  write_algorithms(out);
  out.end_object().end_object();
  out.key("credential_metadata").begin_object().key("display").begin_array();
  out.begin_object().key("name").string(type.en).key("locale").string("en").end_object();
  out.begin_object().key("name").string(type.zh).key("locale").string("zh").end_object();
  out.end_array().key("claims").begin_array();
  for (const vc::ClaimRule& rule : vc::claims_of(type.type)) {
    out.begin_object().key("path").begin_array().string(rule.name).end_array();
    out.key("mandatory").boolean(rule.required).end_object();
  }
  out.end_array().end_object().end_object();
}

std::string offer_text(const Call& call, const Offer& offer) {
  json::Writer out;
  out.begin_object().key("credential_issuer").string(call.address());
  out.key("credential_configuration_ids").begin_array();
  out.string(offer.contents.type.name).end_array();
  out.key("grants").begin_object().key(pre_authorized).begin_object();
  out.key("pre-authorized_code").string(offer.code);
  if (!offer.tx_code.empty()) {
    out.key("tx_code").begin_object().key("input_mode").string("numeric");
    out.key("length").unsigned_integer(offer.tx_code.size()).end_object();
  }
  return out.end_object().end_object().end_object().take();
}

std::string_view bearer_of(const Call& call) {
  std::string_view text = call.request.header("authorization");
  if (!text.starts_with("Bearer ")) return {};
  text.remove_prefix(7);
  return text;
}

/// The key that a proof's header names: the JWK itself, a did:key, or a key of the ledger.
Result<crypto::JwsKey> proof_key(const Call& call, const vc::Jwt& proof) {
  const Error bad = make_error(ErrorCode::credential_proof_invalid);
  const json::Value jwk = proof.header.root().find("jwk");
  if (jwk.present() != proof.key_id.empty()) return bad;
  if (jwk.present()) {
    auto read = vc::read_jwk(jwk);
    if (!read.ok()) return bad;
    return std::move(read->key);
  }
  if (proof.key_id.starts_with(vc::did_key_prefix)) {
    auto key = vc::key_of_did_key(proof.key_id.substr(0, proof.key_id.find('#')));
    if (!key.ok()) return bad;
    return key;
  }
  const auto named = vc::read_key_url(proof.key_id);
  if (!named) return bad;
  const auto record = contracts::identity::find_key(*call.services.ledger.state(), named->key_id);
  const bool holds = record && contracts::identity::is_active(*record, call.now_ms()) &&
                     equal(view_of(record->controller()), named->did.view());
  if (!holds) return bad;
  auto key = crypto::jws_key_of(static_cast<crypto::Algorithm>(record->algorithm()),
                                view_of(record->public_key()));
  if (!key.ok()) return bad;
  return key;
}

/// The holder's key, proved for the nonce. Errors: credential_proof_invalid,
/// credential_nonce_invalid.
Result<crypto::JwsKey> proved_holder(const Call& call, std::string_view text) {
  const Error bad = make_error(ErrorCode::credential_proof_invalid);
  const auto proof = vc::read_jwt(text);
  if (!proof.ok() || proof->type() != proof_type || !proof->is_for(call.address())) return bad;
  XL_TRY_ASSIGN(const crypto::JwsKey key, proof_key(call, *proof));
  if (key.algorithm == crypto::JwsAlgorithm::rs256 || !vc::verify(*proof, key)) return bad;
  const auto at_s = proof->seconds("iat");
  const std::uint64_t now_s = call.now_ms() / 1000;
  if (!at_s || *at_s > now_s + proof_ahead_s_max || *at_s + proof_age_s_max < now_s) return bad;
  XL_TRY(call.desk().use_nonce(proof->text("nonce"), call.now_ms()));
  return key;
}

Result<http::Response> credential_for(const Call& call) {
  const std::string_view token = bearer_of(call);
  XL_TRY_ASSIGN(const Grant grant,
                call.desk().find_grant(call.organisation.did(), token, call.now_ms()));
  const auto body = json_body_of(call);
  if (!body.ok()) return make_error(ErrorCode::credential_request_invalid);
  const json::Value root = body->root();
  const auto configuration = root.find("credential_configuration_id").as_string();
  if (!configuration) return make_error(ErrorCode::credential_request_invalid);
  if (*configuration != grant.contents.type.name) {
    return make_error(ErrorCode::credential_type_unknown);
  }
  if (root.find("credential_response_encryption").present() ||
      root.find("credential_identifier").present()) {
    return make_error(ErrorCode::credential_request_invalid);
  }
  const json::Value proofs = root.find("proofs").find("jwt");
  const auto proof = proofs.at(0).as_string();
  if (proofs.size() != 1 || !proof) return make_error(ErrorCode::credential_proof_invalid);
  XL_TRY_ASSIGN(const crypto::JwsKey holder, proved_holder(call, *proof));
  XL_TRY_ASSIGN(const Grant taken,
                call.desk().take_grant(call.organisation.did(), token, call.now_ms()));
  XL_TRY_ASSIGN(const Made made, issue(call, taken.contents, holder));
  json::Writer out;
  out.begin_object().key("credentials").begin_array().begin_object();
  out.key("credential").string(made.text).end_object().end_array().end_object();
  return smart::secret_json(out.take());
}

}  // namespace

http::Response protocol_refusal(const Error& error) {
  const auto found = std::find_if(protocol_words.begin(), protocol_words.end(),
                                  [&](const ProtocolWord& one) { return one.code == error.code; });
  unsigned status = status_of(error.code);
  const std::string_view word = found != protocol_words.end() ? found->word
                                : status >= 500               ? "server_error"
                                                              : "invalid_request";
  if (status == 422 || status == 404 || status == 403) status = 400;
  json::Writer out;
  out.begin_object().key("error").string(word);
  out.key("error_description").string(error.text()).end_object();
  http::Response response = smart::secret_json(out.take(), status);
  if (status == 401) response.headers["www-authenticate"] = "Bearer error=\"invalid_token\"";
  return response;
}

Result<http::Response> issuer_metadata(const Call& call) {
  const auto state = call.services.ledger.state();
  json::Writer out;
  out.begin_object().key("credential_issuer").string(call.address());
  out.key("credential_endpoint").string(call.address() + "/credentials/credential");
  out.key("nonce_endpoint").string(call.address() + "/credentials/nonce");
  out.key("display").begin_array().begin_object();
  out.key("name").string(call.organisation.name()).end_object().end_array();
  out.key("credential_configurations_supported").begin_object();
  for (const vc::TypeRule& type : vc::all_types()) {
    if (!contracts::credentials::may_issue(*state, call.organisation.did(), type.type,
                                           call.now_ms())) {
      continue;
    }
    write_configuration(out, call, type);
  }
  return json_response(out.end_object().end_object().take());
}

Result<http::Response> server_metadata(const Call& call) {
  json::Writer out;
  out.begin_object().key("issuer").string(call.address());
  out.key("token_endpoint").string(call.address() + "/credentials/token");
  out.key("grant_types_supported").begin_array().string(pre_authorized).end_array();
  out.key("response_types_supported").begin_array().end_array();
  out.key("token_endpoint_auth_methods_supported").begin_array().string("none").end_array();
  out.key("pre-authorized_grant_anonymous_access_supported").boolean(true);
  return json_response(out.end_object().take());
}

Result<http::Response> make_offer(const Call& call) {
  XL_TRY(own_principal(call));
  XL_TRY_ASSIGN(const json::Document body, json_body_of(call));
  Offer wanted;
  wanted.organisation = call.organisation.did();
  XL_TRY_ASSIGN(wanted.contents, read_contents(call, body.root()));
  const bool with_tx_code = body.root().find("tx_code").as_bool().value_or(true);
  XL_TRY_ASSIGN(const Offer offer,
                call.desk().offer(std::move(wanted), with_tx_code, call.now_ms()));
  const std::string uri = call.address() + "/credentials/offers/" + offer.id;
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/credential-offer/v1");
  out.key("credential_offer_uri").string(uri);
  out.key("link").string("openid-credential-offer://?credential_offer_uri=" +
                         http::percent_encode(uri));
  if (!offer.tx_code.empty()) out.key("tx_code").string(offer.tx_code);
  out.key("expires_ms").string(std::to_string(offer.expires_ms)).end_object();
  return smart::secret_json(out.take(), 201);
}

Result<http::Response> show_offer(const Call& call) {
  XL_TRY_ASSIGN(const Offer offer,
                call.desk().find_offer(call.organisation.did(), call.values.at(1), call.now_ms()));
  return smart::secret_json(offer_text(call, offer));
}

Result<http::Response> give_grant(const Call& call) {
  const auto form = smart::Form::of(call.request);
  if (!form.ok()) return protocol_refusal(form.error());
  if (form->text("grant_type") != pre_authorized) {
    return protocol_refusal(make_error(ErrorCode::smart_grant_unsupported));
  }
  const auto token =
      call.desk().exchange(call.organisation.did(), form->text("pre-authorized_code"),
                           form->text("tx_code"), call.now_ms());
  if (!token.ok()) return protocol_refusal(token.error());
  json::Writer out;
  out.begin_object().key("access_token").string(*token).key("token_type").string("Bearer");
  out.key("expires_in").unsigned_integer(grant_ms / 1000).end_object();
  return smart::secret_json(out.take());
}

Result<http::Response> give_nonce(const Call& call) {
  const auto nonce = call.desk().nonce(call.now_ms());
  if (!nonce.ok()) return protocol_refusal(nonce.error());
  json::Writer out;
  out.begin_object().key("c_nonce").string(*nonce).end_object();
  return smart::secret_json(out.take());
}

Result<http::Response> give_credential(const Call& call) {
  auto out = credential_for(call);
  if (!out.ok()) return protocol_refusal(out.error());
  return out;
}

}  // namespace xl::gateway::credentials
