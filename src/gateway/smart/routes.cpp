// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/smart/routes.h"

#include "gateway/smart/endpoints.h"
#include "gateway/smart/page.h"

namespace xl::gateway::smart {
namespace {

using Endpoint = Result<http::Response> (*)(const Visit&);

/// How an address refuses whoever asks for the node by a name that is not its own.
enum class Strange : std::uint8_t { passed_on, page, oauth, plain };

/// By a name that somebody else may have chosen nothing is promised to anybody: issuers, audiences
/// and the addresses that people are sent to would be theirs.
Result<http::Response> ask_by_name(Visit visit, Endpoint endpoint, Strange strange) {
  const auto url = own_url(visit.services, visit.request);
  if (url.ok()) {
    visit.url = *url;
  } else if (strange == Strange::page) {
    return error_page(url.error(), wants_chinese(visit.request));
  } else if (strange == Strange::oauth) {
    return oauth_refusal(url.error());
  } else if (strange == Strange::plain) {
    return url.error();
  }
  return endpoint(visit);
}

RouteHandler handler_of(const Services& services, Endpoint endpoint, Strange strange) {
  return [services, endpoint, strange](const http::Request& request,
                                       const PathValues& values) -> Result<http::Response> {
    XL_TRY_ASSIGN(custody::Organisation * organisation, organisation_of(services, values[0]));
    return ask_by_name(
        {services, *organisation, services.smart.house(organisation->did()), request, values, {}},
        endpoint, strange);
  };
}

/// Below `/fhir` of a node of one organisation.
RouteHandler handler_of_only(const Services& services, Endpoint endpoint) {
  return [services, endpoint](const http::Request& request,
                              const PathValues& values) -> Result<http::Response> {
    custody::Organisation& organisation = *services.custody.organisations().front();
    return ask_by_name(
        {services, organisation, services.smart.house(organisation.did()), request, values, {}},
        endpoint, Strange::plain);
  };
}

RouteHandler fixed(http::Response (*make)()) {
  return [make](const auto&, const auto&) -> Result<http::Response> { return make(); };
}

constexpr std::string_view form_media = "application/x-www-form-urlencoded";

std::vector<std::string_view> media_or_none(std::string_view media) {
  return media.empty() ? std::vector<std::string_view>{} : std::vector{media};
}

/// Of an endpoint that sends the browser on, or shows a page that says why not.
RouteDoc goes(std::string_view body_media = {}, std::vector<std::string_view> query = {}) {
  return {.query = std::move(query),
          .body_media = media_or_none(body_media),
          .status = 303,
          .refusal_media = {"text/html"}};
}

/// Of a page.
RouteDoc shows(std::vector<std::string_view> query) {
  return {.query = std::move(query), .media = "text/html", .refusal_media = {"text/html"}};
}

/// Of an endpoint that answers with JSON, refusals of OAuth included.
RouteDoc tells(std::string_view answer, std::string_view body_media = {},
               std::string_view body = {}) {
  return {.body_media = media_or_none(body_media),
          .body = body,
          .answer = answer,
          .refusal_media = {"application/json"}};
}

/// Adds routes for everybody below `/oauth/`. OAuth describes itself; parameters that we do not
/// know are passed over (RFC 6749 §3.1).
auto adder_of(Router& router, const Services& services) {
  return [&router, &services](const char* method, const std::string& path, const char* summary,
                              Endpoint endpoint, RouteDoc about) {
    about.any_query = true;
    Strange strange = Strange::plain;
    for (const std::string_view media : about.refusal_media) {
      strange = media == "text/html" ? Strange::page : Strange::oauth;
    }
    router.add({method, "/o/{org}/oauth/" + path, summary, handler_of(services, endpoint, strange),
                Access::anyone, std::move(about)});
  };
}

/// What apps ask, and devices with a key.
void add_oauth(Router& router, const Services& services) {
  const auto add = adder_of(router, services);
  add("GET", "authorize", "SMART: an app asks somebody for access", authorize,
      goes({}, {"response_type", "client_id", "redirect_uri", "scope", "state", "aud", "launch",
                "code_challenge", "code_challenge_method", "nonce", "prompt"}));
  add("POST", "authorize", "SMART: an app asks somebody for access", authorize, goes(form_media));
  add("POST", "token", "SMART: a code, refresh token or assertion for tokens", give_token,
      tells("OauthTokens", form_media));
  add("POST", "introspect", "What a token is of", introspect, tells("OauthTokenState", form_media));
  add("POST", "revoke", "End an authorization", revoke, tells("", form_media));
  add("GET", "jwks", "The keys of id tokens", key_set, tells("KeySet"));
  add("GET", "device/{code}", "The request that a sign-in page shows a code of", show_request,
      tells("SmartRequest"));
  add("POST", "device/{code}", "Sign in for it", login_by_signature,
      RouteDoc{.body_media = {"application/json"}, .body = "SignIn", .status = 204});

  add("GET", "device/{code}/passkey", "The passkey that a page shows a code of", show_enrolment,
      tells("PasskeyRequest"));
}

/// Pages for people, and what their script asks.
void add_pages(Router& router, const Services& services) {
  const auto add = adder_of(router, services);
  add("GET", "login/{id}", "The sign-in page", login_page, shows({"refused"}));
  add("GET", "login/{id}/state", "Whether somebody has signed in", login_state,
      tells("SmartLoginState"));
  add("POST", "login/{id}/password", "Sign in with a password", login_by_password,
      goes(form_media));
  add("POST", "login/{id}/passkey/begin", "Sign in with a passkey", passkey_begin,
      tells("PasskeyPossession", "application/json", "PasskeyBegin"));
  add("POST", "login/{id}/passkey/delegate", "The delegation to sign", passkey_delegate,
      tells("PasskeyChallenge", "application/json", "PasskeyProof"));
  add("POST", "login/{id}/passkey/assert", "The signed delegation", passkey_assert,
      tells("PasskeySignIn", "application/json", "PasskeyAssertion"));
  add("POST", "login/{id}/passkey/finish", "The signed sign-in", passkey_finish,
      tells("PasskeyDone", "application/json", "PasskeySignature"));
  add("GET", "passkey", "The page that makes a passkey", enrol_page, shows({"for", "lang"}));
  add("POST", "passkey/begin", "Make a passkey for a DID", enrol_begin,
      tells("PasskeyCreation", "application/json", "NewPasskey"));
  add("POST", "passkey/{id}/key", "The key that was made", enrol_key,
      tells("PasskeyChallenge", "application/json", "PasskeyKey"));
  add("POST", "passkey/{id}/proof", "Its proof of possession", enrol_proof,
      tells("PasskeyCode", "application/json", "PasskeyAssertion"));
  add("GET", "passkey/{id}/state", "Whether the ledger has it", enrol_state, tells("PasskeyState"));
  add("GET", "login/{id}/provider", "Sign in elsewhere", provider_begin, goes());
  add("GET", "callback", "Back from there", provider_return, goes({}, {"code", "state"}));
  add("GET", "consent/{id}", "What an app asks for", consent_page, shows({"name"}));
  add("POST", "consent/{id}", "Allow it or not", decide_consent, goes(form_media));
  const auto add_asset = [&](const char* name, const char* summary, http::Response (*make)(),
                             std::string_view media) {
    router.add({"GET", std::string("/o/{org}/oauth/") + name, summary, fixed(make), Access::anyone,
                RouteDoc{.any_query = true, .media = media}});
  };
  add_asset("login.css", "Style of the pages", login_style, "text/css");
  add_asset("login.js", "Script of the pages", login_script, "text/javascript");
}

void add_descriptions(Router& router, const Services& services) {
  struct Description {
    const char* name;
    Endpoint endpoint;
  };
  constexpr Description both[] = {{"smart-configuration", smart_configuration},
                                  {"openid-configuration", openid_configuration}};
  const RouteDoc about{
      .any_query = true, .answer = "OauthServer", .refusal_media = {"application/fhir+json"}};
  for (const Description& one : both) {
    const std::string path = std::string("/fhir/.well-known/") + one.name;
    router.add({"GET", "/o/{org}" + path, "What the authorization server offers",
                handler_of(services, one.endpoint, Strange::plain), Access::anyone, about});
    if (services.custody.organisations().size() != 1) continue;
    router.add({"GET", path, "What the authorization server offers",
                handler_of_only(services, one.endpoint), Access::anyone, about});
  }
}

void add_administration(Router& router, const Services& services) {
  const auto add = [&](const char* method, const std::string& path, const char* summary,
                       Endpoint endpoint, RouteDoc about) {
    router.add({method, "/o/{org}/smart/v1/" + path, summary,
                handler_of(services, endpoint, Strange::passed_on), Access::signed_in,
                std::move(about)});
  };
  const auto posts = [](std::string_view body, std::string_view answer) {
    return RouteDoc{
        .body_media = {"application/json"}, .body = body, .status = 201, .answer = answer};
  };
  add("POST", "clients", "Register an app", add_client, posts("SmartClient", "SmartClient"));
  add("GET", "clients", "The registered apps", list_clients, RouteDoc{.answer = "SmartClients"});
  add("DELETE", "clients/{id}", "Remove an app, and what it was granted", remove_client,
      RouteDoc{.status = 204});
  add("POST", "accounts", "Add somebody without a key", add_account,
      posts("NewSmartAccount", "SmartAccount"));
  add("GET", "accounts", "Those without a key", list_accounts, RouteDoc{.answer = "SmartAccounts"});
  add("DELETE", "accounts/{name}", "Remove an account, and what it granted", remove_account,
      RouteDoc{.status = 204});
  add("POST", "launches", "A launch value for an app that a record opens", make_launch,
      posts("NewSmartLaunch", "SmartLaunch"));
}

}  // namespace

void add_routes(Router& router, const Services& services) {
  add_oauth(router, services);
  add_pages(router, services);
  add_descriptions(router, services);
  add_administration(router, services);
}

}  // namespace xl::gateway::smart
