// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "base/file.h"
#include "base/json/writer.h"
#include "cli/credential.h"
#include "cli/table.h"
#include "cli/words.h"
#include "client/session.h"
#include "contracts/credentials/messages.pb.h"
#include "contracts/credentials/records.h"
#include "credentials/did.h"
#include "credentials/jwt.h"

namespace xl::cli {

namespace ledger = contracts::credentials;

namespace {

constexpr std::uint64_t days_default = 365;

struct IssueOptions {
  std::string type;
  std::vector<std::string> claims;
  std::uint64_t days = days_default;
  bool no_code = false;
  std::string holder;
  std::string out;
  std::string id;
};

Result<json::Document> post_json(Actor& actor, const std::string& path, const std::string& body) {
  return client::json_of(actor.ask("POST", path, "application/json", body), 201);
}

std::string text_in(const json::Document& document, std::string_view name) {
  return std::string(document.root().find(name).as_string().value_or(""));
}

Result<int> run_offer(const Session& session, const IssueOptions& options, const Console& console) {
  XL_TRY_ASSIGN(const std::string body,
                credential_body(options.type, options.claims, options.days));
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  const std::string code = options.no_code ? "false" : "true";
  XL_TRY_ASSIGN(const json::Document offer,
                post_json(actor, "/credentials/offers", body + ",\"tx_code\":" + code + "}"));
  if (console.json()) {
    console.answer(json::write(offer.root()));
    return succeeded;
  }
  console.result(text_in(offer, "link"));
  const std::string digits = text_in(offer, "tx_code");
  if (!digits.empty()) {
    console.say("  tell the person this code another way: " + digits,
                "  请通过其他途径告知本人此交易码:" + digits);
  }
  console.done("Offered for half an hour; show the link as a QR code",
               "要约半小时内有效,可将链接显示为二维码");
  return succeeded;
}

/// The JWK of `did:key:…`, or of a file.
Result<std::string> holder_jwk(const std::string& holder) {
  if (!holder.starts_with(credentials::did_key_prefix)) {
    XL_TRY_ASSIGN(const Bytes content, read_file(holder, credentials::jwks_bytes_max));
    return std::string(text_of(content));
  }
  XL_TRY_ASSIGN(const crypto::JwsKey key, credentials::key_of_did_key(holder));
  json::Writer out;
  credentials::write_jwk(out, key);
  return out.take();
}

Result<int> run_issue(const Session& session, const IssueOptions& options, const Console& console) {
  XL_TRY_ASSIGN(const std::string body,
                credential_body(options.type, options.claims, options.days));
  XL_TRY_ASSIGN(const std::string holder, holder_jwk(options.holder));
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const json::Document made,
                post_json(actor, "/credentials/issued", body + ",\"holder\":" + holder + "}"));
  const std::string text = text_in(made, "credential");
  if (!options.out.empty()) XL_TRY(write_file_durably(options.out, view_of(text), 0600));
  if (console.json()) {
    console.answer(json::write(made.root()));
  } else {
    console.result(options.out.empty() ? text : text_in(made, "id"));
  }
  console.done("Issued as " + text_in(made, "id"), "已签发,编号 " + text_in(made, "id"));
  return succeeded;
}

Result<int> run_issued(const Session& session, const IssueOptions& options,
                       const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  const std::string path = "/credentials/issued" + (options.id.empty() ? "" : "/" + options.id);
  XL_TRY_ASSIGN(const json::Document answer, client::json_of(actor.ask("GET", path)));
  if (console.json()) {
    console.answer(json::write(answer.root()));
    return succeeded;
  }
  Table table({"ID", std::string(console.pick("TYPE", "类型")),
               std::string(console.pick("STATUS", "状态")),
               std::string(console.pick("ENTRY", "条目"))});
  const auto add = [&](json::Value one) {
    const auto text = [&](std::string_view name) {
      return std::string(one.find(name).as_string().value_or(""));
    };
    table.add({text("id"), text("type"), console.words(text("status")),
               std::string(one.find("index").number_text().value_or(""))});
  };
  if (!options.id.empty()) add(answer.root());
  for (const json::Value one : answer.root().find("credentials").items()) add(one);
  table.print(console);
  return succeeded;
}

/// Sets or clears an issued credential's entry in one of its lists, signed by `--as`.
Result<int> change_status(const Session& session, const IssueOptions& options,
                          const Console& console, std::string_view list_member, bool set) {
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const json::Document entry,
                client::json_of(actor.ask("GET", "/credentials/issued/" + options.id)));
  const auto list = model::id_from_text(text_in(entry, list_member));
  const auto index = entry.root().find("index").as_uint64();
  if (!list.ok() || !index) return make_error(ErrorCode::answer_unexpected);
  xinglin::credentials::v1::ChangeStatus message;
  message.set_list(client::bytes_of(list->bytes));
  message.add_indexes(static_cast<std::uint32_t>(*index));
  message.set_set(set);
  const auto sent =
      actor.session().submit(ledger::contract_number, ledger::change_status_type, message);
  XL_TRY(client::applied(sent));
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/credential-status-changed/v1");
    out.key("id").string(options.id).key("transaction_id").string(sent->transaction_id);
    console.answer(out.end_object().take());
  } else {
    console.result(sent->transaction_id);
  }
  return succeeded;
}

Result<int> run_revoke_credential(const Session& session, const IssueOptions& options,
                                  const Console& console) {
  XL_TRY_ASSIGN(const int done, change_status(session, options, console, "revocation_list", true));
  console.done("Revoked for ever; verifiers see it with the next status list",
               "已永久吊销,验证方获取新的状态列表后即可看到");
  return done;
}

Result<int> run_suspend_credential(const Session& session, const IssueOptions& options,
                                   const Console& console) {
  XL_TRY_ASSIGN(const int done, change_status(session, options, console, "suspension_list", true));
  console.done("Suspended until 'credential restore'", "已暂停,可用 credential restore 恢复");
  return done;
}

Result<int> run_restore_credential(const Session& session, const IssueOptions& options,
                                   const Console& console) {
  XL_TRY_ASSIGN(const int done, change_status(session, options, console, "suspension_list", false));
  console.done("Restored", "已恢复");
  return done;
}

void add_contents(CLI::App* command, const std::shared_ptr<IssueOptions>& options) {
  command->add_option("TYPE", options->type, "such as PhysicianLicence")->required();
  command->add_option("--claim", options->claims,
                      "NAME=VALUE, repeated; 'credential types' lists them");
  command->add_option("--days", options->days, "how long it is valid; default: 365");
}

void add_status_commands(CLI::App* group, Session& session,
                         const std::shared_ptr<IssueOptions>& options) {
  auto* issued = group->add_subcommand("issued", "what the organisation has issued");
  issued->add_option("ID", options->id, "one of them; default: the newest");
  issued->footer(
      "Examples:\n  xinglin credential issued --as hospital.json\n"
      "  xinglin credential issued mzxw6… --as hospital.json --json");
  choose(issued, session, options, run_issued);
  auto* revoke = group->add_subcommand("revoke", "end an issued credential for ever");
  revoke->add_option("ID", options->id, "as 'credential issued' lists it")->required();
  revoke->footer(
      "Examples:\n  xinglin credential revoke mzxw6… --as hospital.json\n"
      "  xinglin credential revoke mzxw6… --as hospital.json --dry-run");
  choose_change(revoke, session, options, run_revoke_credential);
  auto* suspend = group->add_subcommand("suspend", "an issued credential, until it is restored");
  suspend->add_option("ID", options->id, "as 'credential issued' lists it")->required();
  suspend->footer(
      "Examples:\n  xinglin credential suspend mzxw6… --as hospital.json\n"
      "  xinglin credential suspend mzxw6… --as hospital.json --json");
  choose_change(suspend, session, options, run_suspend_credential);
  auto* restore = group->add_subcommand("restore", "a suspended credential");
  restore->add_option("ID", options->id, "as 'credential issued' lists it")->required();
  restore->footer(
      "Examples:\n  xinglin credential restore mzxw6… --as hospital.json\n"
      "  xinglin credential restore mzxw6… --as hospital.json --json");
  choose_change(restore, session, options, run_restore_credential);
}

}  // namespace

void add_credential_issue_commands(CLI::App* group, Session& session) {
  auto options = std::make_shared<IssueOptions>();
  auto* offer = group->add_subcommand("offer", "offer a credential to a wallet by a link");
  add_contents(offer, options);
  offer->add_flag("--no-code", options->no_code, "whoever has the link gets it, without a code");
  offer->footer(
      "Examples:\n  xinglin credential offer Role --claim role=physician \\\n"
      "    --claim 'organisation_name=North' --as hospital.json\n"
      "  xinglin credential offer Coverage --claim payer_name=… --claim member_id=… \\\n"
      "    --as insurer.json");
  choose_change(offer, session, options, run_offer);
  auto* issue = group->add_subcommand("issue", "a credential for a key, without a link");
  add_contents(issue, options);
  issue->add_option("--holder", options->holder, "did:key:…, or a file with the holder's JWK")
      ->required();
  issue->add_option("--out", options->out, "write it to this file");
  issue->footer(
      "Examples:\n  xinglin credential issue Role --claim role=nurse \\\n"
      "    --claim organisation_name=North --holder did:key:z6Mk… --out role.sd-jwt \\\n"
      "    --as hospital.json\n"
      "  xinglin credential issue TradingPartner --claim gln=… --holder holder.jwk \\\n"
      "    --as regulator.json");
  choose_change(issue, session, options, run_issue);
  add_status_commands(group, session, options);
}

}  // namespace xl::cli
