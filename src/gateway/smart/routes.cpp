// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/smart/routes.h"

#include "gateway/smart/endpoints.h"
#include "gateway/smart/page.h"

namespace xl::gateway::smart {
namespace {

using Endpoint = Result<http::Response> (*)(const Visit&);

RouteHandler handler_of(const Services& services, Endpoint endpoint) {
  return [services, endpoint](const http::Request& request,
                              const PathValues& values) -> Result<http::Response> {
    XL_TRY_ASSIGN(custody::Organisation * organisation, organisation_of(services, values[0]));
    return endpoint(
        {services, *organisation, services.smart.house(organisation->did()), request, values});
  };
}

/// Below `/fhir` of a node of one organisation.
RouteHandler handler_of_only(const Services& services, Endpoint endpoint) {
  return [services, endpoint](const http::Request& request,
                              const PathValues& values) -> Result<http::Response> {
    custody::Organisation& organisation = *services.custody.organisations().front();
    return endpoint(
        {services, organisation, services.smart.house(organisation.did()), request, values});
  };
}

RouteHandler fixed(http::Response (*make)()) {
  return [make](const auto&, const auto&) -> Result<http::Response> { return make(); };
}

/// What apps and pages ask. OAuth describes itself; parameters that we do not know are passed over
/// (RFC 6749 §3.1).
void add_oauth(Router& router, const Services& services) {
  const auto add = [&](const char* method, const std::string& path, const char* summary,
                       Endpoint endpoint) {
    router.add({method, "/o/{org}/oauth/" + path, summary, handler_of(services, endpoint)});
  };
  for (const char* method : {"GET", "POST"}) {
    add(method, "authorize", "SMART: an app asks somebody for access", authorize);
  }
  add("POST", "token", "SMART: a code, refresh token or assertion for tokens", give_token);
  add("POST", "introspect", "What a token is of", introspect);
  add("POST", "revoke", "End an authorization", revoke);
  add("GET", "jwks", "The keys of id tokens", key_set);
  add("GET", "login/{id}", "The sign-in page", login_page);
  add("GET", "login/{id}/state", "Whether somebody has signed in", login_state);
  add("POST", "login/{id}/password", "Sign in with a password", login_by_password);
  add("POST", "login/{id}/passkey/begin", "Sign in with a passkey", passkey_begin);
  add("POST", "login/{id}/passkey/delegate", "The delegation to sign", passkey_delegate);
  add("POST", "login/{id}/passkey/assert", "The signed delegation", passkey_assert);
  add("POST", "login/{id}/passkey/finish", "The signed sign-in", passkey_finish);
  add("GET", "login/{id}/provider", "Sign in elsewhere", provider_begin);
  add("GET", "callback", "Back from there", provider_return);
  add("GET", "consent/{id}", "What an app asks for", consent_page);
  add("POST", "consent/{id}", "Allow it or not", decide_consent);
  add("GET", "device/{code}", "The request that a sign-in page shows a code of", show_request);
  add("POST", "device/{code}", "Sign in for it", login_by_signature);
  router.add({"GET", "/o/{org}/oauth/login.css", "Style of the pages", fixed(login_style)});
  router.add({"GET", "/o/{org}/oauth/login.js", "Script of the pages", fixed(login_script)});
}

void add_descriptions(Router& router, const Services& services) {
  struct Description {
    const char* name;
    Endpoint endpoint;
  };
  constexpr Description both[] = {{"smart-configuration", smart_configuration},
                                  {"openid-configuration", openid_configuration}};
  for (const Description& one : both) {
    const std::string path = std::string("/fhir/.well-known/") + one.name;
    router.add({"GET", "/o/{org}" + path, "What the authorization server offers",
                handler_of(services, one.endpoint)});
    if (services.custody.organisations().size() != 1) continue;
    router.add({"GET", path, "What the authorization server offers",
                handler_of_only(services, one.endpoint)});
  }
}

void add_administration(Router& router, const Services& services) {
  const auto add = [&](const char* method, const std::string& path, const char* summary,
                       Endpoint endpoint, RouteDoc about) {
    router.add({method, "/o/{org}/smart/v1/" + path, summary, handler_of(services, endpoint),
                Access::signed_in, std::move(about)});
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
  add_descriptions(router, services);
  add_administration(router, services);
}

}  // namespace xl::gateway::smart
