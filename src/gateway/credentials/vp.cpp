// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/credentials/vp.h"

#include <algorithm>

#include "base/json/writer.h"
#include "contracts/governance/view.h"
#include "credentials/check.h"
#include "gateway/credentials/issue.h"
#include "gateway/smart/visit.h"

namespace xl::gateway::credentials {
namespace {

constexpr std::string_view client_prefix = "decentralized_identifier:";
constexpr std::string_view wallet_audience = "https://self-issued.me/v2";
constexpr std::string_view query_id = "credential";
constexpr std::size_t response_bytes_max = 256 * 1024;

/// Everybody of the house may ask people for credentials.
Result<custody::Principal> asker_of(const Call& call) {
  XL_TRY_ASSIGN(custody::Principal who, call.services.tokens.principal_of(call.request));
  const bool own = who.organisation == call.organisation.did();
  if (own && who.kind != contracts::PartyKind::patient &&
      who.kind != contracts::PartyKind::guardian) {
    return who;
  }
  return make_error(ErrorCode::role_refused);
}

/// The type as each member's node names it, this one first.
std::vector<std::string> names_of(const Call& call, const vc::TypeRule& type) {
  std::vector<std::string> out{vc::vct_of(call.url, type)};
  const auto state = call.services.ledger.state();
  for (const auto& member : contracts::governance::members_of(*state)) {
    const std::string& gateway = member.record.gateway();
    if (gateway.empty() || out.size() == vc::query_values_max) continue;
    std::string name = vc::vct_of(gateway, type);
    if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(std::move(name));
  }
  return out;
}

Result<std::vector<vc::CredentialQuery>> queries_of(const Call& call, json::Value body) {
  const json::Value query = body.find("dcql_query");
  if (query.present()) return vc::read_dcql(query);
  XL_TRY_ASSIGN(const vc::TypeRule type,
                vc::type_of_name(body.find("type").as_string().value_or("")));
  vc::CredentialQuery one{std::string(query_id), names_of(call, type), {}};
  const std::vector<vc::ClaimRule> rules = vc::claims_of(type.type);
  for (const json::Value name : body.find("claims").items()) {
    const auto text = name.as_string();
    const bool known = text && std::any_of(rules.begin(), rules.end(),
                                           [&](const auto& rule) { return rule.name == *text; });
    if (!known) return make_error(ErrorCode::credential_claims_invalid);
    one.claims.emplace_back(*text);
  }
  return std::vector{std::move(one)};
}

void write_formats(json::Writer& out) {
  const auto algorithms = [&](std::string_view name) {
    out.key(name).begin_array().string("EdDSA").string("ES256").end_array();
  };
  out.key("client_metadata").begin_object().key("vp_formats_supported").begin_object();
  out.key("dc+sd-jwt").begin_object();
  algorithms("sd-jwt_alg_values");
  algorithms("kb-jwt_alg_values");
  out.end_object().end_object().end_object();
}

std::string request_object(const Call& call, const Request& request) {
  const crypto::SigningKey& key = call.organisation.stores().identity().key;
  json::Writer header;
  header.begin_object().key("alg").string(vc::jws_name_of(key));
  header.key("typ").string("oauth-authz-req+jwt").key("kid");
  header.string(own_key_url(call.organisation)).end_object();
  json::Writer out;
  out.begin_object().key("iss").string(request.client_id).key("aud").string(wallet_audience);
  out.key("client_id").string(request.client_id).key("response_type").string("vp_token");
  out.key("response_mode").string("direct_post").key("response_uri").string(request.response_uri);
  out.key("nonce").string(request.nonce).key("state").string(request.state);
  out.key("iat").unsigned_integer(call.now_ms() / 1000);
  out.key("exp").unsigned_integer(request.expires_ms / 1000);
  write_formats(out);
  out.key("dcql_query");
  vc::write_dcql(out, request.queries);
  return vc::sign_jws(header.take(), out.end_object().take(), key);
}

/// The claims of a credential without those that frame it.
void write_claims_of(json::Writer& out, const vc::Checked& checked) {
  out.begin_object();
  for (const vc::ClaimRule& rule : vc::claims_of(checked.type.type)) {
    const json::Value value = checked.claims.root().find(rule.name);
    if (value.present()) out.key(rule.name).value(value);
  }
  out.end_object();
}

/// Checks one presented credential for one query and writes how it stands.
Status write_presented(json::Writer& out, const Call& call, const Request& request,
                       const vc::CredentialQuery& query, std::string_view text) {
  XL_TRY_ASSIGN(const vc::SdJwt presented, vc::split_sd_jwt(text));
  XL_TRY_ASSIGN(const query::LedgerHead head, call.services.ledger.head());
  const auto state = call.services.ledger.state();
  XL_TRY_ASSIGN(const vc::Checked checked,
                vc::check_credential(presented, *state, {call.now_ms(), false}));
  if (!checked.holder) return make_error(ErrorCode::credential_holder_unproved);
  XL_TRY(vc::check_binding(presented, *checked.holder,
                           {request.client_id, request.nonce, call.now_ms() / 1000}));
  if (!vc::wants_type(query, checked.vct)) return make_error(ErrorCode::presentation_invalid);
  for (const std::string& name : query.claims) {
    if (!checked.claims.root().find(name).present()) {
      return make_error(ErrorCode::credential_claim_hidden);
    }
  }
  out.begin_object().key("query").string(query.id).key("type").string(checked.type.name);
  out.key("issuer").string(model::did_text(checked.issuer));
  out.key("issuer_name").string(checked.issuer_name);
  out.key("status").string(vc::standing_word(checked.standing));
  out.key("status_as_of_ms").string(std::to_string(head.block_ms));
  out.key("issued_s").unsigned_integer(checked.issued_s);
  out.key("until_s").unsigned_integer(checked.until_s);
  out.key("holder").string(vc::thumbprint(*checked.holder)).key("claims");
  write_claims_of(out, checked);
  out.end_object();
  return {};
}

/// What `vp_token` holds: for each query one presentation, no others.
Result<std::string> checked_response(const Call& call, const Request& request,
                                     const std::string& vp_token) {
  json::Limits bounds;
  bounds.bytes_max = response_bytes_max;
  bounds.depth_max = 4;
  const auto document = json::parse(vp_token, bounds);
  if (!document.ok() || document->root().size() != request.queries.size()) {
    return make_error(ErrorCode::presentation_invalid);
  }
  json::Writer out;
  out.begin_array();
  for (const vc::CredentialQuery& query : request.queries) {
    const json::Value list = document->root().find(query.id);
    const auto text = list.at(0).as_string();
    if (list.size() != 1 || !text) return make_error(ErrorCode::presentation_invalid);
    XL_TRY(write_presented(out, call, request, query, *text));
  }
  return out.end_array().take();
}

/// A word as OAuth writes errors (RFC 6749 §4.1.2.1; OID4VP 1.0 §8.5): `access_denied`, …
bool is_error_word(std::string_view text) {
  constexpr std::size_t bytes_max = 64;
  return !text.empty() && text.size() <= bytes_max &&
         std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

Result<http::Response> response_for(const Call& call) {
  XL_TRY_ASSIGN(const smart::Form form, smart::Form::of(call.request));
  XL_TRY_ASSIGN(const Request request, call.desk().find_request(call.organisation.did(),
                                                                call.values.at(1), call.now_ms()));
  if (request.answered) return make_error(ErrorCode::presentation_replayed);
  if (form.text("state") != request.state) return make_error(ErrorCode::presentation_invalid);
  if (const std::string error = form.text("error"); !error.empty()) {
    if (!is_error_word(error)) return make_error(ErrorCode::presentation_invalid);
    XL_TRY(call.desk().decline(request.id, error, call.now_ms()));
    return smart::secret_json("{}");
  }
  XL_TRY_ASSIGN(std::string result, checked_response(call, request, form.text("vp_token")));
  XL_TRY(call.desk().answer(request.id, std::move(result), call.now_ms()));
  return smart::secret_json("{}");
}

}  // namespace

Result<http::Response> make_request(const Call& call) {
  XL_TRY_ASSIGN(const custody::Principal who, asker_of(call));
  XL_TRY_ASSIGN(const json::Document body, json_body_of(call));
  Request wanted;
  wanted.organisation = call.organisation.did();
  wanted.asker = who.did;
  XL_TRY_ASSIGN(wanted.queries, queries_of(call, body.root()));
  wanted.client_id = std::string(client_prefix) + model::did_text(call.organisation.did());
  wanted.response_uri = call.address() + "/credentials/requests/";  // the desk adds its id
  XL_TRY_ASSIGN(const Request request, call.desk().request(std::move(wanted), call.now_ms()));
  const std::string uri = call.address() + "/credentials/requests/" + request.id;
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/presentation-request/v1");
  out.key("id").string(request.id).key("client_id").string(request.client_id);
  out.key("request_uri").string(uri);
  out.key("link").string("openid4vp://?client_id=" + http::percent_encode(request.client_id) +
                         "&request_uri=" + http::percent_encode(uri));
  out.key("expires_ms").string(std::to_string(request.expires_ms)).end_object();
  return smart::secret_json(out.take(), 201);
}

Result<http::Response> show_request_object(const Call& call) {
  XL_TRY_ASSIGN(const Request request, call.desk().find_request(call.organisation.did(),
                                                                call.values.at(1), call.now_ms()));
  http::Response out = smart::secret_json(request_object(call, request));
  out.content_type = "application/oauth-authz-req+jwt";
  return out;
}

Result<http::Response> take_response(const Call& call) {
  auto out = response_for(call);
  if (!out.ok()) return protocol_refusal(out.error());
  return out;
}

Result<http::Response> show_result(const Call& call) {
  XL_TRY_ASSIGN(const custody::Principal who, asker_of(call));
  XL_TRY_ASSIGN(const Request request, call.desk().find_request(call.organisation.did(),
                                                                call.values.at(1), call.now_ms()));
  if (who.did != request.asker) return make_error(ErrorCode::presentation_request_unknown);
  std::string out = R"({"schema":"xinglin/presentation-result/v1","answered":)";
  out += request.answered ? "true" : "false";
  out += R"(,"declined":")" + request.declined + "\"";
  out += R"(,"presented":)" + (request.answered ? request.result : "[]") + "}";
  return smart::secret_json(std::move(out));
}

}  // namespace xl::gateway::credentials
