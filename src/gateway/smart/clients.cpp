// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>

#include "base/json/writer.h"
#include "contracts/identity/view.h"
#include "gateway/smart/context.h"
#include "gateway/smart/passkey.h"

namespace xl::gateway::smart {

using contracts::PartyKind;
using contracts::identity::Role;

namespace {

/// Who runs the organisation: itself, or somebody it attests as an administrator. Errors:
/// role_refused, those of `Tokens::principal_of`.
Result<custody::Principal> administrator_of(const Visit& visit) {
  XL_TRY_ASSIGN(custody::Principal who, visit.services.tokens.principal_of(visit.request));
  const auto role = static_cast<std::uint32_t>(Role::administrator);
  const bool holds_role = who.kind == PartyKind::practitioner &&
                          std::find(who.roles.begin(), who.roles.end(), role) != who.roles.end();
  if (who.organisation == visit.organisation.did() &&
      (who.kind == PartyKind::organisation || holds_role)) {
    return who;
  }
  return make_error(ErrorCode::role_refused, "the organisation itself, or its administrator");
}

Result<json::Document> json_body(const Visit& visit) {
  json::Limits bounds;
  bounds.bytes_max = client_document_bytes_max;
  bounds.depth_max = 8;
  return json::parse(visit.request.body, bounds);
}

void write_account(json::Writer& out, const Account& account) {
  out.begin_object().key("name").string(account.name);
  out.key("did").string(account.did).key("subject").string(account.subject);
  out.key("has_password").boolean(account.has_password).end_object();
}

http::Response no_content() {
  http::Response out;
  out.status = 204;
  return out;
}

}  // namespace

Result<http::Response> add_client(const Visit& visit) {
  XL_TRY(administrator_of(visit));
  XL_TRY_ASSIGN(const json::Document body, json_body(visit));
  XL_TRY_ASSIGN(const Client client, read_client(body.root()));
  XL_TRY(visit.house.registry->add_client(client));
  return secret_json(client.document, 201);
}

Result<http::Response> list_clients(const Visit& visit) {
  XL_TRY(administrator_of(visit));
  XL_TRY_ASSIGN(const std::vector<Client> all, visit.house.registry->clients());
  std::string out = R"({"schema":"xinglin/smart-clients/v1","clients":[)";
  for (const Client& one : all) out += (out.ends_with('[') ? "" : ",") + one.document;
  return secret_json(out + "]}");
}

Result<http::Response> remove_client(const Visit& visit) {
  XL_TRY(administrator_of(visit));
  const std::string& id = visit.values.at(1);
  XL_TRY(visit.house.registry->remove_client(id));
  visit.desk().forget_client(visit.organisation.did(), id);
  visit.desk().end([&](const auth::Grant& grant) {
    return grant.organisation == visit.organisation.did() && grant.client == id;
  });
  return no_content();
}

Result<http::Response> add_account(const Visit& visit) {
  XL_TRY(administrator_of(visit));
  XL_TRY_ASSIGN(const json::Document body, json_body(visit));
  const auto text = [&](std::string_view name) {
    return std::string(body.root().find(name).as_string().value_or(""));
  };
  const std::string password = text("password");
  const Account account{text("name"), text("did"), text("subject"), !password.empty()};
  if (account.has_password && !visit.services.smart.settings().password_login) {
    return make_error(ErrorCode::smart_login_off, "smart.password_login");
  }
  XL_TRY(standing_of_account(visit, account));  // an account of nobody would act as nobody
  XL_TRY(visit.house.registry->add_account(account, password));
  json::Writer out;
  write_account(out, account);
  return secret_json(out.take(), 201);
}

Result<http::Response> list_accounts(const Visit& visit) {
  XL_TRY(administrator_of(visit));
  XL_TRY_ASSIGN(const std::vector<Account> all, visit.house.registry->accounts());
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/smart-accounts/v1");
  out.key("accounts").begin_array();
  for (const Account& one : all) write_account(out, one);
  return secret_json(out.end_array().end_object().take());
}

Result<http::Response> remove_account(const Visit& visit) {
  XL_TRY(administrator_of(visit));
  const std::string& name = visit.values.at(1);
  XL_TRY(visit.house.registry->remove_account(name));
  visit.desk().end([&](const auth::Grant& grant) {
    return grant.organisation == visit.organisation.did() && grant.account == name;
  });
  return no_content();
}

Result<http::Response> make_launch(const Visit& visit) {
  XL_TRY_ASSIGN(const custody::Principal who, visit.services.tokens.principal_of(visit.request));
  if (visit.url.empty()) return make_error(ErrorCode::host_unknown);
  XL_TRY_ASSIGN(const json::Document body, json_body(visit));
  XL_TRY_ASSIGN(Launch launch, read_launch(visit, who, body.root()));
  XL_TRY_ASSIGN(const std::string text, visit.desk().make_launch(std::move(launch)));
  json::Writer out;
  out.begin_object().key("launch").string(text).key("iss").string(visit.fhir_base());
  out.key("expires_in").unsigned_integer(launch_ms / 1000);
  return secret_json(out.end_object().take(), 201);
}

}  // namespace xl::gateway::smart
