// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "client/openid.h"

#include "base/hex.h"
#include "base/json/writer.h"
#include "client/evidence.h"
#include "client/session.h"
#include "contracts/identity/view.h"
#include "credentials/did.h"
#include "credentials/jwt.h"

namespace xl::client {

namespace vc = xl::credentials;

namespace {

constexpr std::string_view pre_authorized = "urn:ietf:params:oauth:grant-type:pre-authorized_code";
constexpr std::string_view did_client = "decentralized_identifier:";
constexpr std::string_view form_type = "application/x-www-form-urlencoded";

std::string form_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      const Bytes byte{static_cast<std::uint8_t>(c)};
      out += "%" + to_upper_hex(byte);
    }
  }
  return out;
}

std::string form_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    Bytes byte;
    if (text[i] == '%' && i + 2 < text.size() && from_any_hex(text.substr(i + 1, 2), byte)) {
      out += static_cast<char>(byte[0]);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string told(const json::Document& document, std::string_view name) {
  return std::string(document.root().find(name).as_string().value_or(""));
}

/// A refusal in OAuth's form as the error whose code its description begins with.
Error refused_as(const HttpResponse& answer) {
  const auto document = json::parse(answer.body, {});
  if (document.ok()) {
    const std::string text = told(*document, "error_description");
    for (const ErrorInfo& info : error_registry()) {
      if (text.starts_with(code_text(info.number))) {
        return make_error(static_cast<ErrorCode>(info.number));
      }
    }
  }
  return error_of(answer);
}

Result<json::Document> answered(const Result<HttpResponse>& answer) {
  if (answer.ok() && answer->status >= 400) return refused_as(*answer);
  return json_of(answer);
}

Result<json::Document> fetch_json(const Connect& connect, const std::string& url) {
  XL_TRY_ASSIGN(const UrlParts parts, split_url(url));
  XL_TRY_ASSIGN(HttpClient http, connect(parts.base));
  return json_of(http.get(parts.target));
}

Result<json::Document> post(const Connect& connect, const std::string& url, std::string_view type,
                            std::string_view body,
                            const std::map<std::string, std::string>& headers = {}) {
  XL_TRY_ASSIGN(const UrlParts parts, split_url(url));
  XL_TRY_ASSIGN(HttpClient http, connect(parts.base));
  return answered(http.send("POST", parts.target, type, body, headers));
}

/// `https://host/path` as the place of a well-known document (RFC 8414 §3.1).
Result<std::string> well_known(const std::string& issuer, std::string_view name) {
  XL_TRY_ASSIGN(const UrlParts parts, split_url(issuer));
  return parts.base + "/.well-known/" + std::string(name) + parts.target;
}

std::string proof_of(const crypto::SigningKey& key, const std::string& issuer,
                     const std::string& nonce, std::uint64_t now_s) {
  json::Writer header;
  header.begin_object().key("alg").string(vc::jws_name_of(key));
  header.key("typ").string("openid4vci-proof+jwt").key("jwk");
  vc::write_jwk(header, vc::public_half(key));
  json::Writer payload;
  payload.begin_object().key("aud").string(issuer).key("iat").unsigned_integer(now_s);
  payload.key("nonce").string(nonce);
  return vc::sign_jws(header.end_object().take(), payload.end_object().take(), key);
}

}  // namespace

Result<UrlParts> split_url(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return make_error(ErrorCode::usage_invalid, url);
  const std::size_t slash = url.find('/', scheme + 3);
  if (slash == std::string::npos) return UrlParts{url, "/"};
  return UrlParts{url.substr(0, slash), url.substr(slash)};
}

std::string link_parameter(std::string_view link, std::string_view name) {
  const std::size_t question = link.find('?');
  std::string_view rest = question == std::string_view::npos ? "" : link.substr(question + 1);
  while (!rest.empty()) {
    const std::size_t end = rest.find('&');
    const std::string_view part = rest.substr(0, end);
    const std::size_t equals = part.find('=');
    if (equals != std::string_view::npos && part.substr(0, equals) == name) {
      return form_decoded(part.substr(equals + 1));
    }
    rest = end == std::string_view::npos ? "" : rest.substr(end + 1);
  }
  return {};
}

Result<OfferTold> read_offer(const Connect& connect, const std::string& link) {
  std::string uri = link_parameter(link, "credential_offer_uri");
  const std::string inlined = link_parameter(link, "credential_offer");
  if (uri.empty() && link.starts_with("http")) uri = link;
  Result<json::Document> offer = make_error(ErrorCode::credential_offer_unknown);
  if (!inlined.empty()) {
    offer = json::parse(inlined, {});
  } else if (!uri.empty()) {
    offer = fetch_json(connect, uri);
  }
  if (!offer.ok()) return offer.error();
  OfferTold out;
  out.issuer = told(*offer, "credential_issuer");
  out.type = offer->root().find("credential_configuration_ids").at(0).as_string().value_or("");
  const json::Value grant = offer->root().find("grants").find(pre_authorized);
  out.code = grant.find("pre-authorized_code").as_string().value_or("");
  out.wants_tx_code = grant.find("tx_code").present();
  if (out.issuer.empty() || out.type.empty() || out.code.empty()) {
    return make_error(ErrorCode::credential_offer_unknown);
  }
  return out;
}

Result<std::string> accept_offer(const Connect& connect, const OfferTold& offer,
                                 const std::string& tx_code, const crypto::SigningKey& key,
                                 const Clock& clock) {
  XL_TRY_ASSIGN(const std::string issuer_place,
                well_known(offer.issuer, "openid-credential-issuer"));
  XL_TRY_ASSIGN(const json::Document issuer, fetch_json(connect, issuer_place));
  XL_TRY_ASSIGN(const std::string server_place,
                well_known(offer.issuer, "oauth-authorization-server"));
  XL_TRY_ASSIGN(const json::Document server, fetch_json(connect, server_place));
  if (told(issuer, "credential_issuer") != offer.issuer) {
    return make_error(ErrorCode::answer_unexpected);
  }
  std::string form = "grant_type=" + form_encoded(pre_authorized) +
                     "&pre-authorized_code=" + form_encoded(offer.code);
  if (!tx_code.empty()) form += "&tx_code=" + form_encoded(tx_code);
  XL_TRY_ASSIGN(const json::Document grant,
                post(connect, told(server, "token_endpoint"), form_type, form));
  XL_TRY_ASSIGN(const json::Document nonce, post(connect, told(issuer, "nonce_endpoint"), {}, {}));
  json::Writer body;
  body.begin_object().key("credential_configuration_id").string(offer.type);
  body.key("proofs").begin_object().key("jwt").begin_array();
  body.string(proof_of(key, offer.issuer, told(nonce, "c_nonce"), clock.now_ms() / 1000));
  body.end_array().end_object().end_object();
  XL_TRY_ASSIGN(const json::Document made,
                post(connect, told(issuer, "credential_endpoint"), "application/json", body.take(),
                     {{"Authorization", "Bearer " + told(grant, "access_token")}}));
  const auto text = made.root().find("credentials").at(0).find("credential").as_string();
  if (!text) return make_error(ErrorCode::answer_unexpected);
  return std::string(*text);
}

Result<RequestTold> read_request(const Connect& connect, const std::string& link,
                                 HttpClient& ledger, const model::Genesis& genesis,
                                 const Clock& clock) {
  const Error unknown = make_error(ErrorCode::presentation_request_unknown);
  XL_TRY_ASSIGN(const UrlParts parts, split_url(link_parameter(link, "request_uri")));
  XL_TRY_ASSIGN(HttpClient http, connect(parts.base));
  XL_TRY_ASSIGN(const HttpResponse answer, http.get(parts.target));
  if (answer.status != 200) return unknown;
  const Error invalid = make_error(ErrorCode::presentation_invalid);
  const auto token = vc::read_jwt(answer.body, {vc::sd_jwt_bytes_max, vc::claims_depth_max});
  if (!token.ok() || token->type() != "oauth-authz-req+jwt") return invalid;
  RequestTold out;
  out.client_id = token->text("client_id");
  const auto key = vc::read_key_url(token->key_id);
  const bool named = key && out.client_id == std::string(did_client) + model::did_text(key->did) &&
                     out.client_id == link_parameter(link, "client_id");
  if (!named || token->text("response_mode") != "direct_post") return invalid;
  out.verifier = key->did;
  XL_TRY_ASSIGN(const json::Document evidence,
                json_of(ledger.get("/ledger/v1/issuers/" + model::did_text(key->did) +
                                   "?key=" + to_hex(key->key_id))));
  ProvedState state(genesis);
  XL_TRY(state.take(evidence.root()));
  const auto record = contracts::identity::find_key(state, key->key_id);
  const bool active = record && contracts::identity::is_active(*record, clock.now_ms()) &&
                      equal(view_of(record->controller()), key->did.view());
  if (!active) return invalid;
  const auto jws = crypto::jws_key_of(static_cast<crypto::Algorithm>(record->algorithm()),
                                      view_of(record->public_key()));
  if (!jws.ok() || !vc::verify(*token, *jws)) return invalid;
  const std::uint64_t end_s = token->seconds("exp").value_or(0);
  if (end_s * 1000 <= clock.now_ms()) return unknown;
  out.response_uri = token->text("response_uri");
  out.nonce = token->text("nonce");
  out.state = token->text("state");
  XL_TRY_ASSIGN(out.queries, vc::read_dcql(token->payload.root().find("dcql_query")));
  return out;
}

Result<std::string> present_for(const RequestTold& request, const vc::CredentialQuery& query,
                                const Held& held, const Wallet& wallet, const Clock& clock) {
  XL_TRY_ASSIGN(const vc::SdJwt whole, vc::split_sd_jwt(held.text));
  XL_TRY_ASSIGN(const vc::Jwt token,
                vc::read_jwt(whole.issued, {vc::sd_jwt_bytes_max, vc::claims_depth_max}));
  std::vector<std::string> names;
  for (const std::string& name : query.claims) {
    if (!token.payload.root().find(name).present()) names.push_back(name);
  }
  XL_TRY_ASSIGN(vc::SdJwt shown, vc::reveal(whole, names));
  XL_TRY_ASSIGN(const crypto::SigningKey key, wallet.key_of(held.salt));
  vc::bind(shown, request.client_id, request.nonce, clock.now_ms() / 1000, key);
  return shown.text();
}

Status answer_request(const Connect& connect, const RequestTold& request,
                      const std::vector<std::string>& presentations) {
  json::Writer token;
  token.begin_object();
  for (std::size_t i = 0; i < request.queries.size(); ++i) {
    token.key(request.queries[i].id).begin_array().string(presentations.at(i)).end_array();
  }
  const std::string body = "vp_token=" + form_encoded(token.end_object().take()) +
                           "&state=" + form_encoded(request.state);
  XL_TRY(post(connect, request.response_uri, form_type, body));
  return {};
}

}  // namespace xl::client
