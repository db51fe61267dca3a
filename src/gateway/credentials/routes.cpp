// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/credentials/routes.h"

#include "base/json/writer.h"
#include "gateway/credentials/evidence.h"
#include "gateway/credentials/issue.h"
#include "gateway/credentials/vci.h"
#include "gateway/credentials/vp.h"

namespace xl::gateway::credentials {
namespace {

using Endpoint = Result<http::Response> (*)(const Call&);

/// By a name that is not the node's own nothing is promised: issuers would be somebody else's.
RouteHandler handler_of(const Services& services, Endpoint endpoint) {
  return [services, endpoint](const http::Request& request,
                              const PathValues& values) -> Result<http::Response> {
    XL_TRY_ASSIGN(custody::Organisation * organisation, organisation_of(services, values[0]));
    XL_TRY_ASSIGN(std::string url, own_url(services, request));
    return endpoint({services, *organisation, request, values, std::move(url)});
  };
}

constexpr std::string_view form_media = "application/x-www-form-urlencoded";
constexpr std::string_view json_media = "application/json";

RouteDoc takes_json(std::string_view body, std::string_view answer, unsigned status = 201) {
  return {.body_media = {json_media}, .body = body, .status = status, .answer = answer};
}

Result<http::Response> list_types(const Services& services, const http::Request& request) {
  XL_TRY_ASSIGN(const std::string url, own_url(services, request));
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/credential-types/v1");
  out.key("types").begin_array();
  for (const vc::TypeRule& type : vc::all_types()) {
    out.begin_object().key("name").string(type.name);
    out.key("vct").string(vc::vct_of(url, type)).key("en").string(type.en);
    out.key("zh").string(type.zh).end_object();
  }
  return json_response(out.end_array().end_object().take());
}

Result<http::Response> show_type(const Services& services, const http::Request& request,
                                 const PathValues& values) {
  XL_TRY_ASSIGN(const std::string url, own_url(services, request));
  XL_TRY_ASSIGN(const vc::TypeRule type, vc::type_of_name(values[0]));
  return json_response(vc::type_metadata(vc::vct_of(url, type), type));
}

void add_public_routes(Router& router, const Services& services) {
  router.add({"GET", "/credentials/types", "The types of credentials of this network",
              [services](const http::Request& request, const auto&) {
                return list_types(services, request);
              },
              Access::anyone, RouteDoc{.answer = "CredentialTypes"}});
  router.add({"GET", "/credentials/types/{type}", "A type's metadata, as its vct names it",
              [services](const http::Request& request, const PathValues& values) {
                return show_type(services, request, values);
              },
              Access::anyone, RouteDoc{.answer = "Anything"}});
  router.add({"GET", "/ledger/v1/issuers/{did}", "Proofs of an issuer's keys and accreditations",
              [services](const http::Request& request, const PathValues& values) {
                return prove_issuer(services, request, values);
              },
              Access::anyone, RouteDoc{.query = {"key"}, .answer = "IssuerEvidence"}});
  router.add({"GET", "/ledger/v1/status-lists/{list}", "A status list with its proof",
              [services](const http::Request& request, const PathValues& values) {
                return prove_status_list(services, request, values);
              },
              Access::anyone, RouteDoc{.query = {"entry"}, .answer = "ProvedStatusList"}});
}

}  // namespace

void add_routes(Router& router, const Services& services) {
  const auto add = [&](const char* method, const char* pattern, const char* summary,
                       Endpoint endpoint, Access access, RouteDoc about) {
    router.add(
        {method, pattern, summary, handler_of(services, endpoint), access, std::move(about)});
  };
  const RouteDoc plain{.answer = "Anything"};
  add("GET", "/.well-known/openid-credential-issuer/o/{org}", "Metadata of a credential issuer",
      issuer_metadata, Access::anyone, plain);
  add("GET", "/.well-known/oauth-authorization-server/o/{org}",
      "Metadata of the issuer's authorization server", server_metadata, Access::anyone, plain);
  add("POST", "/o/{org}/credentials/offers", "Offer somebody a credential", make_offer,
      Access::signed_in, takes_json("NewCredential", "CredentialOffer"));
  add("GET", "/o/{org}/credentials/offers/{id}", "A credential offer, for a wallet", show_offer,
      Access::anyone, plain);
  add("POST", "/o/{org}/credentials/token", "A pre-authorized code for an access token", give_grant,
      Access::anyone,
      RouteDoc{.body_media = {form_media}, .answer = "OauthTokens", .refusal_media = {json_media}});
  add("POST", "/o/{org}/credentials/nonce", "A fresh nonce for a proof", give_nonce, Access::anyone,
      RouteDoc{.answer = "CredentialNonce", .refusal_media = {json_media}});
  add("POST", "/o/{org}/credentials/credential", "The credential that was offered", give_credential,
      Access::anyone,
      RouteDoc{.body_media = {json_media},
               .body = "Anything",
               .answer = "Anything",
               .refusal_media = {json_media}});
  add("POST", "/o/{org}/credentials/issued", "Issue a credential for a key", issue_directly,
      Access::signed_in, takes_json("NewCredential", "IssuedCredential"));
  add("GET", "/o/{org}/credentials/issued", "What the organisation has issued", list_issued,
      Access::signed_in, RouteDoc{.query = {"before"}, .answer = "IssuedCredentials"});
  add("GET", "/o/{org}/credentials/issued/{id}", "One issued credential", show_issued,
      Access::signed_in, RouteDoc{.answer = "IssuedCredential"});
  add("GET", "/o/{org}/credentials/status-lists/{list}", "A status list as a signed credential",
      show_status_list, Access::anyone, RouteDoc{.media = "application/vc+jwt"});
  add("POST", "/o/{org}/credentials/requests", "Ask somebody for credentials", make_request,
      Access::signed_in, takes_json("NewPresentation", "PresentationRequest"));
  add("GET", "/o/{org}/credentials/requests/{id}", "The signed request, for a wallet",
      show_request_object, Access::anyone, RouteDoc{.media = "application/oauth-authz-req+jwt"});
  add("POST", "/o/{org}/credentials/requests/{id}/response", "A wallet's answer", take_response,
      Access::anyone,
      RouteDoc{.body_media = {form_media}, .answer = "Anything", .refusal_media = {json_media}});
  add("GET", "/o/{org}/credentials/requests/{id}/result", "What was presented", show_result,
      Access::signed_in, RouteDoc{.answer = "PresentationResult"});
  add_public_routes(router, services);
}

}  // namespace xl::gateway::credentials
