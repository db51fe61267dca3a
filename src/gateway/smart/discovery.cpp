// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "base/json/writer.h"
#include "gateway/router.h"
#include "gateway/smart/endpoints.h"

namespace xl::gateway::smart {
namespace {

using Words = std::initializer_list<std::string_view>;

void write_words(json::Writer& out, std::string_view name, Words words) {
  out.key(name).begin_array();
  for (const std::string_view word : words) out.string(word);
  out.end_array();
}

/// What SMART's configuration and OpenID's have in common.
void write_endpoints(json::Writer& out, const Visit& visit, std::string_view issuer) {
  const std::string oauth = visit.address() + "/oauth";
  out.key("issuer").string(issuer).key("jwks_uri").string(oauth + "/jwks");
  out.key("authorization_endpoint").string(oauth + "/authorize");
  out.key("token_endpoint").string(oauth + "/token");
  out.key("introspection_endpoint").string(oauth + "/introspect");
  out.key("revocation_endpoint").string(oauth + "/revoke");
  write_words(out, "token_endpoint_auth_methods_supported", {"none", "private_key_jwt"});
  write_words(out, "token_endpoint_auth_signing_alg_values_supported", {"EdDSA", "ES256", "ES384"});
  write_words(out, "grant_types_supported",
              {"authorization_code", "refresh_token", "client_credentials"});
  write_words(out, "response_types_supported", {"code"});
  write_words(out, "code_challenge_methods_supported", {"S256"});
  write_words(
      out, "scopes_supported",
      {"openid", "fhirUser", "launch", "launch/patient", "launch/encounter", "online_access",
       "offline_access", "patient/*.cruds", "user/*.cruds", "system/*.cruds"});
}

/// The base that was asked for, in the form it was asked for.
std::string issuer_of(const Visit& visit) {
  const bool plain = visit.request.path.starts_with("/fhir/");
  return plain ? visit.url + "/fhir" : visit.fhir_base();
}

}  // namespace

Result<http::Response> smart_configuration(const Visit& visit) {
  json::Writer out;
  out.begin_object();
  write_endpoints(out, visit, issuer_of(visit));
  write_words(out, "capabilities",
              {"launch-ehr", "launch-standalone", "authorize-post", "client-public",
               "client-confidential-asymmetric", "sso-openid-connect", "context-ehr-patient",
               "context-ehr-encounter", "context-standalone-patient",
               "context-standalone-encounter", "permission-online", "permission-offline",
               "permission-patient", "permission-user", "permission-v1", "permission-v2"});
  return json_response(out.end_object().take());
}

Result<http::Response> openid_configuration(const Visit& visit) {
  json::Writer out;
  out.begin_object();
  write_endpoints(out, visit, issuer_of(visit));
  write_words(out, "subject_types_supported", {"public"});
  write_words(out, "id_token_signing_alg_values_supported", {"ES256"});
  write_words(out, "claims_supported", {"iss", "sub", "aud", "exp", "iat", "nonce", "fhirUser"});
  return json_response(out.end_object().take());
}

Result<http::Response> key_set(const Visit& visit) {
  return json_response("{\"keys\":[" +
                       vc::jwk_text(visit.house.id_token_key, visit.house.id_token_key_id) + "]}");
}

}  // namespace xl::gateway::smart
