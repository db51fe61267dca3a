// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>

#include "base/json/writer.h"
#include "contracts/api/shape.h"
#include "contracts/identity/sign_in.h"
#include "contracts/identity/view.h"
#include "crypto/hash.h"
#include "crypto/secret.h"
#include "gateway/smart/endpoints.h"

namespace xl::gateway::smart {

namespace identity = contracts::identity;
using auth::Tokens;
using contracts::PartyKind;

namespace {

constexpr std::string_view assertion_type =
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
constexpr std::uint64_t assertion_seconds_max = 300;  // SMART §4.3.3
constexpr std::uint64_t clock_skew_seconds = 10;
constexpr std::size_t assertion_id_bytes_max = 256;
constexpr std::uint64_t access_token_ms = 15 * 60 * 1000;
constexpr std::size_t verifier_bytes_min = 43;  // RFC 7636 §4.1
constexpr std::size_t verifier_bytes_max = 128;

Error refused(std::string_view why) { return make_error(ErrorCode::smart_client_refused, why); }

/// Which app asks, once it has proved it.
struct KnownClient {
  Client client;
  bool proved = false;               ///< by a key
  std::optional<Hash> ledger_key{};  ///< of a service of the ledger: the key that it proved with
};

/// A service of the ledger that belongs to the organisation: its keys there are its JWK Set.
Result<KnownClient> ledger_service(const Visit& visit, const vc::Jwt& token, const model::Id& did) {
  XL_TRY_ASSIGN(const custody::LedgerView view, custody::look(visit.services.custody.port()));
  const auto party = identity::find_acting(*view.state, did, PartyKind::service);
  if (!party || identity::custodian_of(*party) != visit.organisation.did()) {
    return make_error(ErrorCode::smart_client_unknown);
  }
  for (const Hash& id : identity::keys_of(*view.state, did)) {
    const auto key = identity::find_key(*view.state, id);
    const bool signs = key && identity::is_active(*key, view.now_ms) &&
                       (key->purposes() & contracts::purpose_sign) != 0;
    if (!signs || (!token.key_id.empty() && token.key_id != to_hex(id))) continue;
    const auto jws = crypto::jws_key_of(static_cast<crypto::Algorithm>(key->algorithm()),
                                        view_of(key->public_key()));
    if (!jws.ok() || !verify(token, {{"", *jws}})) continue;
    KnownClient out;
    out.client.id = model::did_text(did);
    out.client.name = party->name();
    XL_TRY_ASSIGN(out.client.scopes, parse_scopes("system/*.cruds"));
    out.proved = true;
    out.ledger_key = id;
    return out;
  }
  return refused("the signature");
}

/// The token endpoint, as SMART §4.3.3 has it, or the issuer (RFC 7523 §3).
bool is_audience(const Visit& visit, const vc::Jwt& token) {
  const bool only = visit.services.custody.organisations().size() == 1;
  return token.is_for(visit.address() + "/oauth/token") || token.is_for(visit.fhir_base()) ||
         (only && token.is_for(visit.url + "/fhir"));
}

/// RFC 7523 §3 in SMART's profile (§4.3.3): who, for whom, until when, once.
Status check_assertion(const Visit& visit, const vc::Jwt& token, const std::string& client) {
  if (token.text("iss") != client || token.text("sub") != client) return refused("iss and sub");
  if (!is_audience(visit, token)) return refused("aud: the token endpoint, or the issuer");
  const std::uint64_t now = visit.services.clock.now_ms() / 1000;
  const auto until = token.seconds("exp");
  if (!until || *until + clock_skew_seconds <= now ||
      *until > now + assertion_seconds_max + clock_skew_seconds) {
    return refused("exp: within five minutes");
  }
  const auto from = token.seconds("nbf");
  if (from && *from > now + clock_skew_seconds) return refused("nbf");
  const std::string id = token.text("jti");
  if (id.empty() || id.size() > assertion_id_bytes_max) return refused("jti");
  const std::uint64_t forget_ms = (*until + 2 * clock_skew_seconds) * 1000;
  if (!visit.desk().use_assertion(visit.organisation.did().text() + " " + client, id, forget_ms)) {
    return refused("jti: used before");
  }
  return {};
}

Result<KnownClient> client_by_assertion(const Visit& visit, const Form& form) {
  if (form.text("client_assertion_type") != assertion_type) return refused("client_assertion_type");
  const auto token = vc::read_jwt(form.text("client_assertion"));
  if (!token.ok()) return refused("client_assertion");
  const std::string id = token->text("sub");
  if (form.has("client_id") && form.text("client_id") != id) return refused("client_id");
  KnownClient out;
  auto registered = visit.house.registry->client(id);
  const auto did = model::id_from_did(id);
  if (registered.ok()) {
    if (token->algorithm == crypto::JwsAlgorithm::rs256) return refused("alg");
    if (!verify(*token, registered->keys)) return refused("the signature");
    out = {std::move(*registered), true};
  } else if (did.ok()) {
    XL_TRY_ASSIGN(out, ledger_service(visit, *token, *did));
  } else {
    return registered.error();
  }
  XL_TRY(check_assertion(visit, *token, id));  // last: only what is signed uses an id up
  return out;
}

/// The app behind a request to the token endpoint. A public one only says who it is; one that has
/// keys must use them. Errors: smart_client_unknown, smart_client_refused.
Result<KnownClient> client_of_token_request(const Visit& visit, const Form& form) {
  if (form.has("client_assertion")) return client_by_assertion(visit, form);
  if (!visit.request.header("authorization").empty() || form.has("client_secret")) {
    return refused("secrets are not offered; use private_key_jwt");
  }
  std::string id = form.text("client_id");
  // A public app that refreshes need not say who it is (RFC 6749 §6): its token does.
  if (id.empty() && form.text("grant_type") == "refresh_token") {
    id = visit.desk().client_of_refresh(form.text("refresh_token"));
    if (id.empty()) return make_error(ErrorCode::smart_grant_invalid, "refresh_token");
  }
  XL_TRY_ASSIGN(Client client, visit.house.registry->client(id));
  if (!client.keys.empty()) return refused("client_assertion");
  return KnownClient{std::move(client)};
}

std::string id_token_of(const Visit& visit, const Granted& granted, std::uint64_t expires_ms) {
  const auth::Grant& grant = *granted.who.caller.grant;
  json::Writer out;
  out.begin_object().key("iss").string(grant.base).key("sub").string(grant.subject);
  out.key("aud").string(grant.client);
  out.key("iat").unsigned_integer(visit.services.clock.now_ms() / 1000);
  out.key("exp").unsigned_integer(expires_ms / 1000);
  if (!granted.nonce.empty()) out.key("nonce").string(granted.nonce);
  if (grant.scopes.fhir_user && !grant.fhir_user.empty()) {
    out.key("fhirUser").string(grant.base + "/" + grant.fhir_user);
  }
  return vc::make_jwt(out.end_object().take(), visit.house.id_token_key,
                      visit.house.id_token_key_id);
}

/// What else was open (SMART §5.3, `fhirContext`).
void write_context(json::Writer& out, const auth::Grant& grant) {
  if (grant.context.empty()) return;
  out.key("fhirContext").begin_array();
  for (const ContextItem& one : grant.context) {
    out.begin_object().key("reference").string(one.reference);
    if (!one.role.empty()) out.key("role").string(one.role);
    out.end_object();
  }
  out.end_array();
}

/// The answer with tokens (RFC 6749 §5.1, SMART §4.1.8). `refresh`: an app gets one when it was
/// granted a scope for it.
Result<http::Response> token_answer(const Visit& visit, Granted granted, bool refresh) {
  const std::uint64_t now = visit.services.clock.now_ms();
  Tokens::SignedIn who = granted.who;
  who.expires_ms = now + access_token_ms;
  if (who.ends_ms != 0) who.expires_ms = std::min(who.expires_ms, who.ends_ms);
  if (granted.ends_ms != 0) who.expires_ms = std::min(who.expires_ms, granted.ends_ms);
  const auth::Grant& grant = *granted.who.caller.grant;
  XL_TRY_ASSIGN(const auth::Token token, visit.services.tokens.issue(who));
  json::Writer out;
  out.begin_object().key("access_token").string(token.text);
  out.key("token_type").string("Bearer");
  out.key("expires_in").unsigned_integer((token.expires_ms - now) / 1000);
  out.key("scope").string(scopes_text(grant.scopes));
  if (!grant.patient.empty()) {
    out.key("patient").string(grant.patient).key("need_patient_banner").boolean(true);
  }
  if (!grant.encounter.empty()) out.key("encounter").string(grant.encounter);
  write_context(out, grant);
  if (grant.scopes.openid)
    out.key("id_token").string(id_token_of(visit, granted, token.expires_ms));
  if (refresh && (grant.scopes.online_access || grant.scopes.offline_access)) {
    XL_TRY_ASSIGN(const std::string next, visit.desk().make_refresh(std::move(granted)));
    out.key("refresh_token").string(next);
  }
  return secret_json(out.end_object().take());
}

bool proves(const std::string& verifier, const std::string& challenge) {
  if (verifier.size() < verifier_bytes_min || verifier.size() > verifier_bytes_max) return false;
  const std::string expected = to_base64url(crypto::sha256(view_of(verifier)));
  return crypto::equal_constant_time(view_of(expected), view_of(challenge));
}

Result<http::Response> token_for_code(const Visit& visit, const Form& form, const Client& client) {
  XL_TRY_ASSIGN(Granted granted, visit.desk().use_code(form.text("code")));
  const auth::Grant& grant = *granted.who.caller.grant;
  if (grant.client != client.id || grant.organisation != visit.organisation.did()) {
    return make_error(ErrorCode::smart_grant_invalid, "code");
  }
  if (form.text("redirect_uri") != granted.redirect_uri) {
    return make_error(ErrorCode::smart_grant_invalid, "redirect_uri");
  }
  if (!proves(form.text("code_verifier"), granted.code_challenge)) {
    return make_error(ErrorCode::smart_grant_invalid, "code_verifier");
  }
  return token_answer(visit, std::move(granted), true);
}

Result<http::Response> token_for_refresh(const Visit& visit, const Form& form,
                                         const Client& client) {
  std::optional<Scopes> wanted;
  if (form.has("scope")) {
    XL_TRY_ASSIGN(wanted, parse_scopes(form.text("scope")));
  }
  const auto check = [&](const auth::Grant& grant) -> Status {
    if (grant.organisation != visit.organisation.did()) {
      return make_error(ErrorCode::smart_grant_invalid, "refresh_token");
    }
    // Nothing that was not granted may be asked for (RFC 6749 §6), nor nothing at all.
    if (!wanted || (!wanted->empty() && is_within(*wanted, grant.scopes))) return {};
    return make_error(ErrorCode::smart_scope_invalid, "more than was granted, or nothing of it");
  };
  XL_TRY_ASSIGN(const Granted granted,
                visit.desk().use_refresh(form.text("refresh_token"), client.id, check));
  const auth::Grant& grant = *granted.who.caller.grant;
  XL_TRY_ASSIGN(const bool holds, visit.services.tokens.holds(granted.who));
  if (!holds) {
    visit.desk().end_grant(grant.id);
    return make_error(ErrorCode::sign_in_over);
  }
  if (!wanted) return token_answer(visit, granted, true);
  // Narrower tokens for now; what was granted stays with the next refresh token.
  auth::Grant narrower = grant;
  narrower.scopes = within(*wanted, grant.scopes);
  Granted now = granted;
  // Shared by the tokens made of it.
  now.who.caller.grant = std::make_shared<const auth::Grant>(std::move(narrower));
  XL_TRY_ASSIGN(http::Response out, token_answer(visit, std::move(now), false));
  if (!grant.scopes.online_access && !grant.scopes.offline_access) return out;
  XL_TRY_ASSIGN(const std::string next, visit.desk().make_refresh(granted));
  out.body.pop_back();
  out.body += ",\"refresh_token\":\"" + next + "\"}";
  return out;
}

/// A backend service acts as the organisation, which vouches for it.
Result<http::Response> token_for_service(const Visit& visit, const Form& form,
                                         const KnownClient& known) {
  if (!known.proved) return refused("client_assertion");
  XL_TRY_ASSIGN(const Scopes wanted, parse_scopes(form.text("scope")));
  auth::Grant grant;
  grant.scopes = within(wanted, known.client.scopes);
  std::erase_if(grant.scopes.resources,
                [](const ResourceScope& one) { return one.context != ScopeContext::system; });
  grant.scopes = {std::move(grant.scopes.resources)};
  if (grant.scopes.empty()) return make_error(ErrorCode::smart_scope_invalid, "system/ scopes");
  grant.id = custody::random_id();
  grant.organisation = visit.organisation.did();
  grant.base = visit.fhir_base();
  grant.client = known.client.id;
  grant.subject = known.client.id;
  XL_TRY_ASSIGN(Tokens::SignedIn who,
                visit.services.tokens.stated(visit.organisation.did(),
                                             visit.organisation.stores().identity().key,
                                             std::string(identity::stated_mark) + "service " +
                                                 known.client.id + ", by client assertion"));
  who.rests_on = known.ledger_key;
  who.ends_ms = visit.services.clock.now_ms() + service_token_ms;
  // Shared by the tokens made of it.
  who.caller.grant = std::make_shared<const auth::Grant>(std::move(grant));
  Granted granted;
  granted.who = std::move(who);
  return token_answer(visit, std::move(granted), false);
}

Result<http::Response> token_for(const Visit& visit, const Form& form) {
  const std::string type = form.text("grant_type");
  const bool known_type =
      type == "authorization_code" || type == "refresh_token" || type == "client_credentials";
  if (!known_type) return make_error(ErrorCode::smart_grant_unsupported, "grant_type");
  XL_TRY_ASSIGN(const KnownClient known, client_of_token_request(visit, form));
  if (type == "authorization_code") return token_for_code(visit, form, known.client);
  if (type == "refresh_token") return token_for_refresh(visit, form, known.client);
  return token_for_service(visit, form, known);
}

/// Who may ask about a token.
struct Asker {
  bool of_the_organisation = false;  ///< about any
  std::string client;                ///< about its own
};

Result<Asker> asker_of(const Visit& visit, const Form& form) {
  const std::string_view header = visit.request.header("authorization");
  if (header.empty()) {
    XL_TRY_ASSIGN(const KnownClient known, client_of_token_request(visit, form));
    return Asker{false, known.client.id};
  }
  const auto who = visit.services.tokens.principal_of(visit.request);
  const bool own = who.ok() && who->organisation == visit.organisation.did() &&
                   who->kind != PartyKind::patient && who->kind != PartyKind::guardian;
  if (!own) return refused("a sign-in of the organisation's own");
  return Asker{true, {}};
}

struct KnownToken {
  const auth::Grant* grant = nullptr;
  Tokens::SignedIn who;
  std::uint64_t expires_ms = 0;
};

std::optional<KnownToken> token_of(const Visit& visit, const Asker& asker,
                                   const std::string& text) {
  KnownToken out;
  if (auto access = visit.services.tokens.look_up(text)) {
    out.expires_ms = access->expires_ms;
    out.who = std::move(*access);
  } else if (auto refresh = visit.desk().look_up_refresh(text)) {
    out.expires_ms = refresh->ends_ms;
    out.who = std::move(refresh->who);
  } else {
    return std::nullopt;
  }
  out.grant = out.who.caller.grant.get();
  if (out.grant == nullptr || out.grant->organisation != visit.organisation.did()) {
    return std::nullopt;
  }
  if (!asker.of_the_organisation && out.grant->client != asker.client) return std::nullopt;
  return out;
}

std::string introspection(const KnownToken& token) {
  const auth::Grant& grant = *token.grant;
  json::Writer out;
  out.begin_object().key("active").boolean(true);
  out.key("scope").string(scopes_text(grant.scopes)).key("client_id").string(grant.client);
  out.key("sub").string(grant.subject).key("iss").string(grant.base);
  out.key("aud").string(grant.base).key("token_type").string("Bearer");
  out.key("exp").unsigned_integer(token.expires_ms / 1000);
  if (!grant.patient.empty()) out.key("patient").string(grant.patient);
  if (!grant.encounter.empty()) out.key("encounter").string(grant.encounter);
  write_context(out, grant);
  if (grant.scopes.fhir_user && !grant.fhir_user.empty()) {
    out.key("fhirUser").string(grant.base + "/" + grant.fhir_user);
  }
  return out.end_object().take();
}

}  // namespace

Result<http::Response> give_token(const Visit& visit) {
  const auto form = Form::of(visit.request);
  if (!form.ok()) return oauth_refusal(form.error());
  auto answer = token_for(visit, *form);
  return answer.ok() ? std::move(*answer) : oauth_refusal(answer.error());
}

Result<http::Response> introspect(const Visit& visit) {
  const auto form = Form::of(visit.request);
  if (!form.ok()) return oauth_refusal(form.error());
  const auto asker = asker_of(visit, *form);
  if (!asker.ok()) return oauth_refusal(asker.error());
  const auto token = token_of(visit, *asker, form->text("token"));
  return secret_json(token ? introspection(*token) : "{\"active\":false}");
}

Result<http::Response> revoke(const Visit& visit) {
  const auto form = Form::of(visit.request);
  if (!form.ok()) return oauth_refusal(form.error());
  const auto asker = asker_of(visit, *form);
  if (!asker.ok()) return oauth_refusal(asker.error());
  // One that nobody knows is as good as revoked (RFC 7009 §2.2).
  const auto token = token_of(visit, *asker, form->text("token"));
  if (token) visit.desk().end_grant(token->grant->id);
  return secret_json("{}");
}

}  // namespace xl::gateway::smart
