// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <map>
#include <set>
#include <string>

/// Which routes of a node the leak matrix probes, and why others tell nothing of health data. A new
/// route is to be added here, with how it may be probed.
namespace xl::node::testing::leak {

/// Why a route is no path to health data.
enum class Apart {
  probed,     ///< by a probe that names it
  ledger,     ///< what stands on the ledger, for every member
  oneself,    ///< who asks, or the node, and nobody else
  pages,      ///< of a sign-in; who signed in sees what a read of their own gives
  operators,  ///< for the organisation's own key, administrators or officers, by their role alone
  elsewhere,  ///< brings what was signed, about a DID of the ledger: care_test, fhir_consent_test,
              ///< consent_request_test
};

using RouteTable = std::map<std::string, Apart>;

inline void add_public_routes(RouteTable& out) {
  const auto add = [&](Apart why, std::initializer_list<const char*> some) {
    for (const char* one : some) out.emplace(one, why);
  };
  add(Apart::ledger, {"GET /1.0/identifiers/{did}",    "GET /ledger/v1/blocks/{height}",
                      "GET /ledger/v1/checkpoint",     "GET /ledger/v1/consistency",
                      "GET /ledger/v1/events",         "GET /ledger/v1/genesis",
                      "GET /ledger/v1/head",           "GET /ledger/v1/light",
                      "GET /ledger/v1/members",        "GET /ledger/v1/members/{did}",
                      "GET /ledger/v1/parties/{did}",  "GET /ledger/v1/proposals",
                      "GET /ledger/v1/proposals/{id}", "GET /ledger/v1/receipts/{id}",
                      "GET /ledger/v1/state/{key}",    "GET /ledger/v1/transactions/{id}",
                      "POST /ledger/v1/light",         "POST /ledger/v1/transactions",
                      "GET /ledger/v1/issuers/{did}",  "GET /ledger/v1/status-lists/{list}"});
  add(Apart::oneself, {"GET /",
                       "GET /api/openapi.json",
                       "GET /health",
                       "GET /metrics",
                       "GET /o",
                       "DELETE /auth/v1/tokens",
                       "GET /auth/v1/whoami",
                       "POST /auth/v1/challenges",
                       "POST /auth/v1/tokens",
                       "GET /.well-known/oauth-authorization-server/o/{org}",
                       "GET /.well-known/openid-credential-issuer/o/{org}",
                       "GET /credentials/types",
                       "GET /credentials/types/{type}",
                       "GET /o/{org}/credentials/offers/{id}",
                       "GET /o/{org}/credentials/requests/{id}",
                       "GET /o/{org}/credentials/requests/{id}/result",
                       "GET /o/{org}/credentials/status-lists/{list}",
                       "POST /o/{org}/credentials/credential",
                       "POST /o/{org}/credentials/nonce",
                       "POST /o/{org}/credentials/requests",
                       "POST /o/{org}/credentials/requests/{id}/response",
                       "POST /o/{org}/credentials/token",
                       "DELETE /o/{org}/webhooks/{webhook}",
                       "GET /o/{org}/webhooks",
                       "POST /o/{org}/webhooks",
                       "POST /o/{org}/handles",
                       "GET /o/{org}/handles",
                       "DELETE /o/{org}/handles/{handle}",
                       "GET /o/{org}/fhir/.well-known/smart-configuration",
                       "GET /o/{org}/fhir/.well-known/openid-configuration",
                       "POST /o/{org}/peer"});  // its answers are for the asker's node alone
}

inline void add_house_routes(RouteTable& out) {
  const auto add = [&](Apart why, std::initializer_list<const char*> some) {
    for (const char* one : some) out.emplace(one, why);
  };
  add(Apart::probed,
      {"GET /o/{org}/records/{type}/{id}/proof", "GET /o/{org}/access-log",
       "GET /o/{org}/access-log/proofs", "GET /o/{org}/access-log/export",
       "GET /o/{org}/access-log/{sequence}/proof", "GET /o/{org}/consents", "GET /o/{org}/disputes",
       "GET /o/{org}/disputes/{dispute}", "GET /o/{org}/notices", "GET /o/{org}/requests",
       "POST /o/{org}/smart/v1/launches"});
  add(Apart::operators,
      {"GET /o/{org}/credentials/issued", "GET /o/{org}/credentials/issued/{id}",
       "POST /o/{org}/credentials/issued", "POST /o/{org}/credentials/offers",
       "GET /o/{org}/erasures/{id}", "POST /o/{org}/erasures", "GET /o/{org}/guardianships",
       "GET /o/{org}/oversight", "POST /o/{org}/disputes/{dispute}/answer",
       "POST /o/{org}/smart/v1/clients", "GET /o/{org}/smart/v1/clients",
       "DELETE /o/{org}/smart/v1/clients/{id}", "POST /o/{org}/smart/v1/accounts",
       "GET /o/{org}/smart/v1/accounts", "DELETE /o/{org}/smart/v1/accounts/{name}"});
  add(Apart::elsewhere,
      {"POST /o/{org}/consents", "POST /o/{org}/requests/{request}/decline",
       "GET /o/{org}/requests/{request}", "POST /o/{org}/disputes", "POST /o/{org}/emergencies",
       "POST /o/{org}/emergencies/{entry}/renewals", "POST /o/{org}/emergencies/{entry}/find"});
}

inline void add_page_routes(RouteTable& out) {
  for (const char* one : {"GET authorize",
                          "POST authorize",
                          "POST token",
                          "POST introspect",
                          "POST revoke",
                          "GET jwks",
                          "GET device/{code}",
                          "POST device/{code}",
                          "GET device/{code}/passkey",
                          "GET login/{id}",
                          "GET login/{id}/state",
                          "POST login/{id}/password",
                          "POST login/{id}/passkey/begin",
                          "POST login/{id}/passkey/delegate",
                          "POST login/{id}/passkey/assert",
                          "POST login/{id}/passkey/finish",
                          "GET passkey",
                          "POST passkey/begin",
                          "POST passkey/{id}/key",
                          "POST passkey/{id}/proof",
                          "GET passkey/{id}/state",
                          "GET login/{id}/provider",
                          "GET callback",
                          "GET consent/{id}",
                          "POST consent/{id}",
                          "GET login.css",
                          "GET login.js"}) {
    const std::string text(one);
    const std::size_t space = text.find(' ') + 1;
    out.emplace(text.substr(0, space) + "/o/{org}/oauth/" + text.substr(space), Apart::pages);
  }
}

inline const RouteTable& known_routes() {
  static const RouteTable all = [] {
    RouteTable out;
    add_public_routes(out);
    add_house_routes(out);
    add_page_routes(out);
    return out;
  }();
  return all;
}

/// What a CapabilityStatement may say of a type, a probe or listing covers each.
inline const std::set<std::string>& known_elsewhere() {
  // Beside the probes: these need several records or nobody's.
  static const std::set<std::string> all = {
      "interaction history-type", "interaction history-system", "conditional conditionalRead",
      "operation match",          "operation ihe-pix",          "operation gather"};
  return all;
}

}  // namespace xl::node::testing::leak
