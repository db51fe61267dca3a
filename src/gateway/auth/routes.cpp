// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/auth/routes.h"

#include <algorithm>

#include "base/json/writer.h"
#include "contracts/api/shape.h"
#include "contracts/identity/sign_in.h"
#include "contracts/identity/view.h"
#include "gateway/auth/sign_in.h"

namespace xl::gateway::auth {

namespace identity = contracts::identity;

namespace {

constexpr std::size_t passkey_point_bytes = 33;  // the rpId stands behind it (crypto/webauthn.h)

http::Response answer(std::string body, unsigned status = 200) {
  http::Response out = json_response(std::move(body), status);
  out.headers["cache-control"] = "no-store";
  return out;
}

std::string_view kind_text(contracts::PartyKind kind) {
  switch (kind) {
    case contracts::PartyKind::organisation:
      return "organisation";
    case contracts::PartyKind::practitioner:
      return "practitioner";
    case contracts::PartyKind::service:
      return "service";
    case contracts::PartyKind::patient:
      return "patient";
    case contracts::PartyKind::guardian:
      return "guardian";
  }
  return "";
}

Result<http::Response> make_challenge(const Services& services) {
  const Tokens::Challenge challenge = services.tokens.challenge();
  json::Writer out;
  out.begin_object().key("challenge").string(challenge.text);
  out.key("network").string(to_hex(services.ledger.genesis().network));
  out.key("expires_ms").string(std::to_string(challenge.expires_ms)).end_object();
  return answer(out.take(), 201);
}

/// Sends the delegation that comes with a sign-in. One that is on the ledger already is fine.
Status delegate(const Services& services, Bytes raw) {
  const auto sent = services.custody.port().send(std::move(raw));
  if (sent.ok() || sent.error().code == ErrorCode::transaction_replayed) return {};
  return sent.error();
}

Result<http::Response> make_token(const Services& services, const http::Request& request) {
  XL_TRY_ASSIGN(Tokens::SignedIn who, authenticate(services, request.body, {}));
  XL_TRY_ASSIGN(const Token token, services.tokens.issue(std::move(who)));
  const std::uint64_t now = services.clock.now_ms();
  json::Writer out;
  out.begin_object().key("access_token").string(token.text).key("token_type").string("Bearer");
  out.key("expires_in")
      .unsigned_integer(token.expires_ms > now ? (token.expires_ms - now) / 1000 : 0);
  out.end_object();
  return answer(out.take(), 201);
}

/// Every live session of a party, so that they can end what they do not know.
Status write_sessions(json::Writer& out, const Services& services, const model::Id& did) {
  XL_TRY_ASSIGN(const query::LedgerHead head, services.ledger.head());
  const auto state = services.ledger.state();
  const std::uint64_t now_ms = std::max(head.block_ms, services.clock.now_ms());
  out.key("sessions").begin_array();
  for (const Hash& id : identity::live_sessions_of(*state, did, now_ms)) {
    const auto key = identity::find_key(*state, id);
    const model::Id organisation = contracts::id_of(key->delegation().organisation());
    out.begin_object().key("key_id").string(to_hex(id));
    out.key("organisation").string(model::did_text(organisation));
    out.key("expires_ms").string(std::to_string(key->not_after_ms())).end_object();
  }
  out.end_array();
  return {};
}

/// Every key of a party that was not ended, passkeys among them.
void write_keys(json::Writer& out, const Services& services, const model::Id& did) {
  const auto state = services.ledger.state();
  out.key("keys").begin_array();
  for (const Hash& id : identity::keys_of(*state, did)) {
    const auto key = identity::find_key(*state, id);
    const bool passkey =
        key->algorithm() == static_cast<std::uint32_t>(crypto::Algorithm::webauthn_p256);
    out.begin_object().key("key_id").string(to_hex(id));
    out.key("kind").string(passkey ? "passkey" : "key");
    out.key("rp_id").string(passkey ? key->public_key().substr(passkey_point_bytes) : "");
    out.key("purposes").unsigned_integer(key->purposes());
    out.key("expires_ms");
    out.string(key->not_after_ms() == 0 ? "" : std::to_string(key->not_after_ms())).end_object();
  }
  out.end_array();
}

Result<http::Response> who_am_i(const Services& services, const http::Request& request) {
  XL_TRY_ASSIGN(const custody::Principal who, services.tokens.principal_of(request));
  json::Writer out;
  out.begin_object().key("did").string(model::did_text(who.did));
  out.key("kind").string(kind_text(who.kind));
  out.key("organisation").string(model::did_text(who.organisation));
  out.key("roles").begin_array();
  for (const std::uint32_t role : who.roles) out.unsigned_integer(role);
  out.end_array().key("key_id").string(to_hex(who.key_id));
  write_keys(out, services, who.did);
  XL_TRY(write_sessions(out, services, who.did));
  return answer(out.end_object().take());
}

}  // namespace

Result<Tokens::SignedIn> authenticate(const Services& services, std::string_view body,
                                      std::string_view statement) {
  XL_TRY_ASSIGN(SignIn given, read_sign_in(body));
  // What was signed for an app is for that app, and for nothing else.
  if (identity::statement_of(given.answer.challenge) != statement) {
    return make_error(ErrorCode::challenge_invalid);
  }
  if (!given.delegation.empty()) XL_TRY(delegate(services, std::move(given.delegation)));
  return services.tokens.authenticate(given.answer);
}

void add_routes(Router& router, const Services& services) {
  router.add({"POST", "/auth/v1/challenges", "Something fresh to sign in with",
              [services](const auto&, const auto&) { return make_challenge(services); },
              Access::anyone, RouteDoc{.status = 201, .answer = "Challenge"}});
  router.add({"POST", "/auth/v1/tokens", "Sign in: a signed challenge for a token",
              [services](const http::Request& request, const auto&) {
                return make_token(services, request);
              },
              Access::anyone,
              RouteDoc{.body_media = {"application/json"},
                       .body = "SignIn",
                       .status = 201,
                       .answer = "Token"}});
  router.add({"GET", "/auth/v1/whoami", "Who the token is of",
              [services](const http::Request& request, const auto&) {
                return who_am_i(services, request);
              },
              Access::signed_in, RouteDoc{.answer = "WhoAmI"}});
  router.add({"DELETE", "/auth/v1/tokens", "Sign out",
              [services](const http::Request& request, const auto&) -> Result<http::Response> {
                XL_TRY(services.tokens.sign_out(request));
                http::Response out;
                out.status = 204;
                return out;
              },
              Access::signed_in, RouteDoc{.status = 204}});
}

}  // namespace xl::gateway::auth
