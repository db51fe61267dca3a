// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/governance.h"

#include <optional>

#include "base/checked.h"
#include "base/file.h"
#include "base/json/writer.h"
#include "cli/actor.h"
#include "cli/checkpoint.h"
#include "cli/table.h"
#include "cli/words.h"
#include "client/identity.h"
#include "client/member_card.h"
#include "contracts/governance/records.h"
#include "contracts/governance/security.h"
#include "crypto/hash.h"

namespace xl::cli {
namespace {

namespace governed = xinglin::governance::v1;
using client::bytes_of;

constexpr std::string_view statement_schema = "xinglin/security-statement/v1";
constexpr std::uint64_t statement_bytes_max = 16 * 1024;
constexpr std::uint64_t report_bytes_max = 64 * 1024 * 1024;
constexpr std::uint64_t day_ms = 24ULL * 60 * 60 * 1000;

struct MembersOptions {};

struct UpdateOptions {
  std::string address;
  std::optional<std::string> gateway;
  bool archive = false;
  bool no_archive = false;
};

struct SecurityOptions {
  std::string auditor;
  std::string software;
  std::string scanned;
  std::string next_due;
  std::string report;
  std::string genesis;
  std::string file;  ///< the statement
};

std::string member_text(json::Value in, std::string_view name) {
  return std::string(in.find(name).as_string().value_or(""));
}

Result<int> run_members(const Session& session, const MembersOptions&, const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const client::HttpResponse answer,
                actor.session().ask("GET", "/ledger/v1/members"));
  if (answer.status != 200) return client::error_of(answer);
  if (console.json()) {
    console.answer(answer.body);
    return succeeded;
  }
  XL_TRY_ASSIGN(const json::Document document, json::parse(answer.body, {}));
  Table table({said(console, "organisation", "机构"), said(console, "name", "名称"),
               said(console, "weight", "权重"), said(console, "power", "投票权"),
               said(console, "address", "地址"), said(console, "gateway", "网关"),
               said(console, "next scan", "下次检查"), said(console, "state", "状态")});
  for (const json::Value one : document.root().find("members").items()) {
    const json::Value security = one.find("security");
    std::uint64_t due = 0;
    (void)parse_decimal(security.find("next_due_ms").as_string().value_or(""), due);
    const bool present = one.find("present").as_bool().value_or(false);
    const bool counts = member_text(one, "counts") == member_text(one, "weight");
    std::string state =
        present ? said(console, "member", "成员") : said(console, "expelled", "已除名");
    if (present && one.find("archive").as_bool().value_or(false)) {
      state += said(console, ", archive", ",归档");
    }
    if (present && !counts) state += said(console, ", weight does not count", ",权重不计");
    table.add({member_text(one, "organisation"), member_text(one, "name"),
               member_text(one, "counts") + "/" + member_text(one, "weight"),
               member_text(one, "power"), member_text(one, "address"), member_text(one, "gateway"),
               time_text(due), state});
  }
  table.print(console);
  return succeeded;
}

/// What is not given stays as the ledger has it.
Result<governed::UpdateMember> told_of(Actor& actor, const UpdateOptions& options) {
  const model::Id& own = actor.identity().organisation;
  XL_TRY_ASSIGN(const client::HttpResponse answer,
                actor.session().ask("GET", "/ledger/v1/members/" + model::did_text(own)));
  if (answer.status != 200) return client::error_of(answer);
  XL_TRY_ASSIGN(const json::Document document,
                json::parse(answer.body, {answer.body.size() + 1, 64, 100'000}));
  const json::Value now = document.root().find("member");
  governed::UpdateMember out;
  out.set_member(bytes_of(own.bytes));
  out.set_address(options.address.empty() ? member_text(now, "address") : options.address);
  out.set_gateway(options.gateway ? *options.gateway : member_text(now, "gateway"));
  out.set_archive(options.archive ||
                  (!options.no_archive && now.find("archive").as_bool().value_or(false)));
  XL_TRY(client::check_address(out.address()));
  XL_TRY(client::check_gateway(out.gateway()));
  return out;
}

/// Who takes the role promises blocks that nobody else may have: the node that is asked has them.
Status check_has_every_block(Actor& actor) {
  XL_TRY_ASSIGN(const json::Document health,
                client::json_of(actor.session().ask("GET", "/health")));
  const std::string first(health.root().find("first_block").as_string().value_or("1"));
  if (first == "1") return {};
  return make_error(ErrorCode::block_not_kept,
                    "an archive keeps every block, and this node has none before " + first);
}

Result<int> run_update(const Session& session, const UpdateOptions& options,
                       const Console& console) {
  if (options.address.empty() && !options.gateway && !options.archive && !options.no_archive) {
    return make_error(ErrorCode::usage_invalid,
                      "--address, --gateway, --archive or --no-archive says what changes");
  }
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  if (options.archive) XL_TRY(check_has_every_block(actor));
  XL_TRY_ASSIGN(const governed::UpdateMember message, told_of(actor, options));
  const auto sent = actor.session().submit(contracts::governance::contract_number,
                                           contracts::governance::update_member_type, message);
  XL_TRY(client::applied(sent));
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/member-updated/v1");
    out.key("transaction_id").string(sent->transaction_id);
    out.key("address").string(message.address()).key("gateway").string(message.gateway());
    console.answer(out.key("archive").boolean(message.archive()).end_object().take());
  }
  console.done("The members' list tells it", "成员列表已更新");
  if (!options.address.empty()) {
    console.say(
        "  next: let this node's engine listen there (engine.listen in node.toml) and start it "
        "again; the others follow by themselves",
        "  下一步:将 node.toml 的 engine.listen 改为该地址并重启节点;其他成员会自动跟随");
  }
  return succeeded;
}

/// The first millisecond of a day.
Result<std::uint64_t> day_of(const std::string& date, std::string_view option) {
  XL_TRY_ASSIGN(const std::uint64_t end, end_of_day_ms(date, option));
  return end - day_ms;
}

Result<int> run_statement(const Session& session, const SecurityOptions& options,
                          const Console& console) {
  XL_TRY_ASSIGN(const client::Identity who, open_identity(session));
  XL_TRY_ASSIGN(const model::Genesis genesis, genesis_of(options.genesis, session));
  XL_TRY_ASSIGN(const model::Id auditor, id_of(options.auditor, "--auditor"));
  XL_TRY_ASSIGN(const Bytes report, read_file(options.report, report_bytes_max));
  governed::AttestSecurity message;
  message.set_organisation(bytes_of(who.did.bytes));
  message.set_auditor(bytes_of(auditor.bytes));
  message.set_software(options.software);
  XL_TRY_ASSIGN(const std::uint64_t scanned, day_of(options.scanned, "--scanned"));
  message.set_scanned_ms(scanned);
  XL_TRY_ASSIGN(const std::uint64_t due, end_of_day_ms(options.next_due, "--next-due"));
  message.set_next_due_ms(due);
  Bytes digest = {static_cast<std::uint8_t>(crypto::Suite::international)};
  append(digest, crypto::sha256(report));
  message.set_report(bytes_of(digest));
  message.set_service_key(bytes_of(who.key.public_key()));
  message.set_signature(bytes_of(
      who.key.sign(contracts::governance::security_attestation_bytes(genesis.network, message))));
  json::Writer out;
  out.begin_object().key("schema").string(statement_schema);
  out.key("organisation").string(model::did_text(who.did));
  out.key("auditor").string(model::did_text(auditor));
  out.key("software").string(options.software);
  out.key("next_due").string(options.next_due);
  out.key("message").string(to_base64(model::encode(message)));
  const std::string text = out.end_object().take() + "\n";
  XL_TRY(write_file_durably(options.file, view_of(text)));
  if (console.json()) console.document(text);
  console.done("Signed the statement " + options.file, "已签署安全声明 " + options.file);
  console.say(
      "  next, at the auditor: xinglin network security attest " + options.file + " --as AUDITOR",
      "  下一步(审计方):xinglin network security attest " + options.file + " --as 审计方身份文件");
  return succeeded;
}

/// The auditor stands behind what it read: organisation, software and dates are shown.
Result<int> run_attest_security(const Session& session, const SecurityOptions& options,
                                const Console& console) {
  XL_TRY_ASSIGN(const Bytes content, read_file(options.file, statement_bytes_max));
  XL_TRY_ASSIGN(const json::Document document,
                json::in_file(json::parse(text_of(content), {}), text_of(content), options.file));
  Bytes encoded;
  governed::AttestSecurity message;
  if (document.root().find("schema").as_string() != statement_schema ||
      !from_base64(document.root().find("message").as_string().value_or(""), encoded) ||
      !model::decode_canonical(encoded, message)) {
    return make_error(ErrorCode::input_invalid, "not a security statement: " + options.file);
  }
  XL_TRY_ASSIGN(Actor actor, Actor::open(session));
  const auto sent = actor.session().submit(contracts::governance::contract_number,
                                           contracts::governance::attest_security_type, message);
  XL_TRY(client::applied(sent));
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/security-attested/v1");
    out.key("transaction_id").string(sent->transaction_id);
    console.answer(out.end_object().take());
  }
  console.done(
      "Attested " + message.software() + ", next scan due before " +
          time_text(message.next_due_ms()),
      "已证明 " + message.software() + ",下次检查应早于 " + time_text(message.next_due_ms()));
  return succeeded;
}

}  // namespace

void add_governance_commands(CLI::App& app, Session& session) {
  CLI::App& network = *app.get_subcommand("network");
  auto* members = network.add_subcommand("members", "who the members are and what they weigh");
  members->footer(
      "Examples:\n  xinglin network members --as hospital.json\n"
      "  xinglin network members --as hospital.json --json");
  choose(members, session, std::make_shared<MembersOptions>(), run_members);
  auto update_options = std::make_shared<UpdateOptions>();
  auto* update = network.add_subcommand("update", "tell where this member is and what it keeps");
  update->add_option("--address", update_options->address, "HOST:PORT of its engine");
  update->add_option("--gateway", update_options->gateway,
                     "http(s)://HOST[:PORT] of its gateway; '' tells none");
  auto* keeps = update->add_flag("--archive", update_options->archive, "it keeps every block");
  update->add_flag("--no-archive", update_options->no_archive, "it keeps them no longer")
      ->excludes(keeps);
  update->footer(
      "Examples:\n  xinglin network update --gateway https://city.example:7410 --as hospital.json\n"
      "  xinglin network update --address new.example:26656 --archive --as hospital.json");
  choose_change(update, session, update_options, run_update);
  add_proposal_commands(network, session);
  add_checkpoint_commands(network, session);
  auto* security =
      network.add_subcommand("security", "a node's security attestation")->require_subcommand(1);
  security->footer(
      "Examples:\n  xinglin network security attest west.statement --as regulator.json\n"
      "  xinglin network security statement --help");
  auto options = std::make_shared<SecurityOptions>();
  auto* statement = security->add_subcommand("statement", "sign what an examination found");
  statement->add_option("--auditor", options->auditor, "DID of who examined it")->required();
  statement->add_option("--software", options->software, "name and version")->required();
  statement->add_option("--scanned", options->scanned, "the day, YYYY-MM-DD")->required();
  statement->add_option("--next-due", options->next_due, "the last day it is good for")->required();
  statement->add_option("--report", options->report, "the report; only its digest is told")
      ->required();
  statement->add_option("--genesis", options->genesis,
                        "the network's genesis; default: the node's");
  statement->add_option("--out", options->file, "the statement file to write")->required();
  statement->footer(
      "Examples:\n  xinglin network security statement --auditor DID --software 'xinglin 0.1.0' "
      "\\\n"
      "    --scanned 2026-11-20 --next-due 2027-11-19 --report scan.pdf --out west.statement \\\n"
      "    --genesis xinglin-data/genesis.json --as west.json\n"
      "  xinglin network security statement --auditor DID --software 'xinglin 0.1.0' \\\n"
      "    --scanned 2026-11-20 --next-due 2027-02-19 --report scan.pdf --out west.statement \\\n"
      "    --as west.json --json");
  choose(statement, session, options, run_statement);
  auto* attest = security->add_subcommand("attest", "confirm an organisation's statement");
  attest->add_option("STATEMENT", options->file, "the organisation's statement")->required();
  attest->footer(
      "Examples:\n  xinglin network security attest west.statement --as regulator.json\n"
      "  xinglin network security attest west.statement --as regulator.json --dry-run");
  choose_change(attest, session, options, run_attest_security);
}

}  // namespace xl::cli
