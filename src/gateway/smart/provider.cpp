// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>

#include "base/json/json.h"
#include "crypto/hash.h"
#include "crypto/secret.h"
#include "gateway/smart/endpoints.h"
#include "gateway/smart/page.h"
#include "gateway/smart/passkey.h"

namespace xl::gateway::smart {
namespace {

constexpr std::uint64_t provider_skew_seconds = 60;
constexpr std::size_t provider_answer_bytes_max = 256 * 1024;

Error provider_error(std::string_view what) {
  return make_error(ErrorCode::smart_provider_failed, what);
}

Result<json::Document> ask_provider(const Visit& visit, const std::string& method,
                                    const std::string& url, const std::string& body) {
  const auto& fetch = visit.services.smart.settings().fetch;
  if (!fetch) return provider_error("it cannot be asked from here");
  XL_TRY_ASSIGN(const std::string text,
                fetch(method, url, body.empty() ? "" : "application/x-www-form-urlencoded", body));
  json::Limits bounds;
  bounds.bytes_max = provider_answer_bytes_max;
  bounds.depth_max = 16;
  auto out = json::parse(text, bounds);
  if (!out.ok()) return provider_error("its answer is no JSON");
  return out;
}

/// Its endpoints. Errors: smart_provider_failed (it is another one than configured, or speaks
/// without TLS to another machine).
struct ProviderPlaces {
  std::string authorize;
  std::string token;
  std::string keys;
};
Result<ProviderPlaces> places_of(const Visit& visit, const Provider& provider) {
  XL_TRY_ASSIGN(
      const json::Document found,
      ask_provider(visit, "GET", provider.issuer + "/.well-known/openid-configuration", ""));
  const auto text = [&](std::string_view name) {
    return std::string(found.root().find(name).as_string().value_or(""));
  };
  if (text("issuer") != provider.issuer) return provider_error("issuer");
  ProviderPlaces out{text("authorization_endpoint"), text("token_endpoint"), text("jwks_uri")};
  for (const std::string& one : {out.authorize, out.token, out.keys}) {
    if (!is_redirect_uri(one) || !one.starts_with("http")) return provider_error("an endpoint");
  }
  return out;
}

std::string callback_of(const Visit& visit) { return visit.address() + "/oauth/callback"; }

/// OpenID Connect Core 1.0 §3.1.3.7.
Status check_id_token(const Visit& visit, const Provider& provider, const ProviderLogin& login,
                      const vc::Jwt& token, const std::vector<vc::NamedKey>& keys) {
  const bool offered = token.algorithm == crypto::JwsAlgorithm::rs256 ||
                       token.algorithm == crypto::JwsAlgorithm::es256;
  if (!offered || !verify(token, keys)) return provider_error("the id token's signature");
  if (token.text("iss") != provider.issuer) return provider_error("iss");
  if (!token.is_for(provider.client_id)) return provider_error("aud");
  const json::Value audience = token.payload.root().find("aud");
  if (audience.size() > 1 && token.text("azp") != provider.client_id) return provider_error("azp");
  const std::uint64_t now = visit.services.clock.now_ms() / 1000;
  const auto until = token.seconds("exp");
  const auto made = token.seconds("iat");
  if (!until || *until + provider_skew_seconds <= now) return provider_error("exp");
  if (!made || *made > now + provider_skew_seconds) return provider_error("iat");
  if (!crypto::equal_constant_time(view_of(token.text("nonce")), view_of(login.nonce))) {
    return provider_error("nonce");
  }
  return {};
}

Result<std::string> subject_for(const Visit& visit, const Provider& provider,
                                const ProviderLogin& login, const std::string& code) {
  XL_TRY_ASSIGN(const ProviderPlaces places, places_of(visit, provider));
  std::string form = with_query("", {{"grant_type", "authorization_code"},
                                     {"code", code},
                                     {"redirect_uri", callback_of(visit)},
                                     {"client_id", provider.client_id},
                                     {"client_secret", provider.secret},
                                     {"code_verifier", login.verifier}});
  XL_TRY_ASSIGN(const json::Document answer,
                ask_provider(visit, "POST", places.token, form.substr(1)));
  const auto token = vc::read_jwt(answer.root().find("id_token").as_string().value_or(""));
  if (!token.ok()) return provider_error("id_token");
  XL_TRY_ASSIGN(const json::Document jwks, ask_provider(visit, "GET", places.keys, ""));
  const auto keys = vc::read_jwks(jwks.root(), false);
  if (!keys.ok()) return provider_error("its keys");
  XL_TRY(check_id_token(visit, provider, login, *token, *keys));
  return token->text("sub");
}

/// Who came back, for the request that the state names.
Result<Authorization> returned(const Visit& visit, const Provider& provider, const Form& form) {
  XL_TRY_ASSIGN(const Authorization wanted,
                visit.desk().find(form.text("state"), browser_secret(visit.request)));
  if (!wanted.provider) return make_error(ErrorCode::smart_login_over);
  if (form.text("code").empty()) return make_error(ErrorCode::smart_login_refused);
  if (form.has("iss") && form.text("iss") != provider.issuer) return provider_error("iss");
  // Once: a code that comes again is somebody else's.
  XL_TRY(visit.desk().change(wanted.id, [](Authorization& one) { one.provider.reset(); }));
  XL_TRY_ASSIGN(const std::string subject,
                subject_for(visit, provider, *wanted.provider, form.text("code")));
  XL_TRY_ASSIGN(const Account account, visit.house.registry->account_of_subject(subject));
  XL_TRY(account_signed_in(visit, wanted, account, "by the word of " + provider.issuer));
  return wanted;
}

}  // namespace

Result<http::Response> provider_begin(const Visit& visit) {
  const bool chinese = wants_chinese(visit.request);
  const auto wanted = authorization_of(visit);
  if (!wanted.ok()) return error_page(wanted.error(), chinese);
  const Provider* provider = visit.services.smart.provider(visit.organisation.did());
  if (provider == nullptr) return error_page(make_error(ErrorCode::smart_login_off), chinese);
  const auto places = places_of(visit, *provider);
  if (!places.ok()) return error_page(places.error(), chinese);
  const ProviderLogin login{random_text(), random_text()};
  const Status kept =
      visit.desk().change(wanted->id, [&](Authorization& one) { one.provider = login; });
  if (!kept.ok()) return error_page(kept.error(), chinese);
  const std::string challenge = to_base64url(crypto::sha256(view_of(login.verifier)));
  return see_other(with_query(places->authorize, {{"response_type", "code"},
                                                  {"client_id", provider->client_id},
                                                  {"redirect_uri", callback_of(visit)},
                                                  {"scope", "openid"},
                                                  {"state", wanted->id},
                                                  {"nonce", login.nonce},
                                                  {"code_challenge", challenge},
                                                  {"code_challenge_method", "S256"}}));
}

Result<http::Response> provider_return(const Visit& visit) {
  const bool chinese = wants_chinese(visit.request);
  const Provider* provider = visit.services.smart.provider(visit.organisation.did());
  if (provider == nullptr) return error_page(make_error(ErrorCode::smart_login_off), chinese);
  const auto form = Form::of(visit.request);
  if (!form.ok()) return error_page(form.error(), chinese);
  const auto wanted = returned(visit, *provider, *form);
  if (!wanted.ok()) {
    visit.services.log.write(LogLevel::warning, LogEvent::login_refused,
                             {LogField::code(wanted.error().code)});
    return error_page(wanted.error(), chinese);
  }
  return see_other(visit.address() + "/oauth/consent/" + wanted->id);
}

}  // namespace xl::gateway::smart
