// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/credential.h"

#include "base/json/writer.h"
#include "cli/table.h"
#include "cli/words.h"
#include "client/session.h"
#include "contracts/credentials/messages.pb.h"
#include "contracts/credentials/records.h"
#include "credentials/types.h"

namespace xl::cli {

namespace ledger = contracts::credentials;

namespace {

struct AccreditOptions {
  std::string organisation;
  std::string type;
  std::string until;
};

Result<int> run_types(const Session&, const AccreditOptions&, const Console& console) {
  Table table({std::string(console.pick("TYPE", "类型")),
               std::string(console.pick("CLAIMS", "声明")),
               std::string(console.pick("ABOUT", "说明"))});
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/credential-types/v1");
  out.key("types").begin_array();
  for (const credentials::TypeRule& type : credentials::all_types()) {
    std::string claims;
    out.begin_object().key("name").string(type.name).key("en").string(type.en);
    out.key("zh").string(type.zh).key("claims").begin_array();
    for (const credentials::ClaimRule& rule : credentials::claims_of(type.type)) {
      claims += (claims.empty() ? "" : " ") + std::string(rule.name) + (rule.required ? "*" : "");
      out.begin_object().key("name").string(rule.name).key("required").boolean(rule.required);
      out.key("hidden").boolean(rule.hidden).end_object();
    }
    out.end_array().end_object();
    table.add({std::string(type.name), claims, std::string(console.pick(type.en, type.zh))});
  }
  out.end_array().end_object();
  if (console.json())
    console.answer(out.take());
  else
    table.print(console);
  return succeeded;
}

void show_sent(const client::Sent& sent, const Console& console) {
  if (!console.json()) {
    console.result(sent.transaction_id);
    return;
  }
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/accreditation/v1");
  console.answer(out.key("transaction_id").string(sent.transaction_id).end_object().take());
}

Result<int> run_accredit(const Session& session, const AccreditOptions& options,
                         const Console& console) {
  XL_TRY_ASSIGN(const model::Id organisation, id_of(options.organisation, "ORGANISATION"));
  XL_TRY_ASSIGN(const credentials::TypeRule type, credentials::type_of_name(options.type));
  XL_TRY_ASSIGN(const std::uint64_t until_ms, end_of_day_ms(options.until, "--until"));
  XL_TRY_ASSIGN(Actor actor, Actor::open(session));
  xinglin::credentials::v1::Accredit message;
  message.set_regulator(client::bytes_of(actor.identity().organisation.bytes));
  message.set_organisation(client::bytes_of(organisation.bytes));
  message.set_type(static_cast<std::uint32_t>(type.type));
  message.set_valid_to_ms(until_ms);
  const auto sent = actor.session().submit(ledger::contract_number, ledger::accredit_type, message);
  XL_TRY(client::applied(sent));
  show_sent(*sent, console);
  console.done("Accredited: what it issues as " + std::string(type.name) + " counts from now on",
               "已认可:该机构此后签发的 " + std::string(type.name) + " 有效");
  return succeeded;
}

Result<int> run_end_accreditation(const Session& session, const AccreditOptions& options,
                                  const Console& console) {
  XL_TRY_ASSIGN(const model::Id organisation, id_of(options.organisation, "ORGANISATION"));
  XL_TRY_ASSIGN(const credentials::TypeRule type, credentials::type_of_name(options.type));
  XL_TRY_ASSIGN(Actor actor, Actor::open(session));
  xinglin::credentials::v1::EndAccreditation message;
  message.set_regulator(client::bytes_of(actor.identity().organisation.bytes));
  message.set_organisation(client::bytes_of(organisation.bytes));
  message.set_type(static_cast<std::uint32_t>(type.type));
  const auto sent =
      actor.session().submit(ledger::contract_number, ledger::end_accreditation_type, message);
  XL_TRY(client::applied(sent));
  show_sent(*sent, console);
  console.done("Ended: what it issued before still counts", "已终止:此前签发的仍然有效");
  return succeeded;
}

}  // namespace

client::Connect connector(const Session& options) {
  return [&options](const std::string& base) -> Result<client::HttpClient> {
    const bool tls = base.starts_with("https://");
    XL_TRY_ASSIGN(client::NodeAddress address,
                  client::parse_node_url(base, tls ? options.tls : client::TlsFiles{}));
    address.timeout_ms = options.timeout_s * 1000;
    return client::HttpClient(std::move(address));
  };
}

Result<std::string> credential_body(const std::string& type, const std::vector<std::string>& claims,
                                    std::uint64_t days) {
  json::Writer out;
  out.begin_object();
  for (const std::string& claim : claims) {
    const std::size_t equals = claim.find('=');
    if (equals == std::string::npos || equals == 0) {
      return make_error(ErrorCode::usage_invalid, "--claim is NAME=VALUE");
    }
    out.key(claim.substr(0, equals)).string(claim.substr(equals + 1));
  }
  json::Writer name;
  return "{\"type\":" + name.string(type).take() + ",\"claims\":" + out.end_object().take() +
         ",\"valid_days\":" + std::to_string(days);
}

void add_credential_commands(CLI::App& app, Session& session) {
  auto* group = app.add_subcommand("credential", "licences, roles, coverage: issue, show, verify")
                    ->require_subcommand(1);
  group->footer(
      "Examples:\n  xinglin credential types\n"
      "  xinglin credential verify licence.sd-jwt");
  auto options = std::make_shared<AccreditOptions>();
  auto* types = group->add_subcommand("types", "the types of credentials and their claims");
  types->footer("Examples:\n  xinglin credential types\n  xinglin credential types --json");
  choose(types, session, options, run_types);
  auto* accredit =
      group->add_subcommand("accredit", "regulators: let an organisation issue a type");
  accredit->add_option("ORGANISATION", options->organisation, "its DID")->required();
  accredit->add_option("TYPE", options->type, "such as PhysicianLicence")->required();
  accredit->add_option("--until", options->until, "last day, YYYY-MM-DD")->required();
  accredit->footer(
      "Examples:\n  xinglin credential accredit did:xinglin:… PhysicianLicence \\\n"
      "    --until 2030-12-31 --as regulator.json\n"
      "  xinglin credential accredit did:xinglin:… TradingPartner --until 2028-12-31 \\\n"
      "    --as regulator.json");
  choose_change(accredit, session, options, run_accredit);
  auto* end = group->add_subcommand("end-accreditation", "regulators: no longer");
  end->add_option("ORGANISATION", options->organisation, "its DID")->required();
  end->add_option("TYPE", options->type, "such as PhysicianLicence")->required();
  end->footer(
      "Examples:\n  xinglin credential end-accreditation did:xinglin:… PhysicianLicence \\\n"
      "    --as regulator.json\n"
      "  xinglin credential end-accreditation did:xinglin:… Coverage --as regulator.json --json");
  choose_change(end, session, options, run_end_accreditation);
  add_credential_issue_commands(group, session);
  add_credential_hold_commands(group, session);
  add_credential_verify_commands(group, session);
}

}  // namespace xl::cli
