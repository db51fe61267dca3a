// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/smart.h"

#include "base/file.h"
#include "base/json/json.h"
#include "base/json/writer.h"
#include "cli/actor.h"
#include "cli/table.h"
#include "contracts/identity/sign_in.h"
#include "crypto/certificate.h"
#include "crypto/passphrase_prompt.h"

namespace xl::cli {
namespace {

constexpr std::size_t registration_bytes_max = 64 * 1024;
constexpr std::size_t password_file_bytes_max = 1024;

struct SmartOptions {
  std::string file;
  std::string name;
  std::string subject;
  std::string did;
  std::string password_file;
  std::string code;
  std::string patient;
  std::string encounter;
  std::vector<std::string> context;
};

std::string member_text(json::Value object, std::string_view name) {
  return std::string(object.find(name).as_string().value_or(""));
}

/// An answer without content.
Status must_be_gone(const Result<client::HttpResponse>& answer) {
  if (!answer.ok()) return answer.error();
  return answer->status == 204 ? Status{} : Status(client::error_of(*answer));
}

/// One thing that a command made or ended, by its name.
void tell_one(const Console& console, std::string_view schema, std::string_view member,
              const std::string& name) {
  if (!console.json()) return console.result(name);
  json::Writer out;
  out.begin_object().key("schema").string(schema).key(member).string(name).end_object();
  console.answer(out.take());
}

Result<int> run_client_add(const Session& session, const SmartOptions& options,
                           const Console& console) {
  XL_TRY_ASSIGN(const Bytes file, read_file(options.file, registration_bytes_max));
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(
      const json::Document answer,
      client::json_of(actor.ask("POST", "/smart/v1/clients", "application/json", text_of(file)),
                      201));
  tell_one(console, "xinglin/smart-client/v1", "client_id",
           member_text(answer.root(), "client_id"));
  console.done("Registered: the app may ask your people for access", "已登记:该应用可以请求访问");
  return succeeded;
}

Result<int> run_client_list(const Session& session, const SmartOptions&, const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const json::Document answer,
                client::json_of(actor.ask("GET", "/smart/v1/clients")));
  if (console.json()) {
    console.answer(json::write(answer.root()));
    return succeeded;
  }
  Table table({std::string(console.pick("CLIENT", "应用")),
               std::string(console.pick("NAME", "名称")),
               std::string(console.pick("PROOF", "身份证明")),
               std::string(console.pick("SCOPES", "范围"))});
  for (const json::Value one : answer.root().find("clients").items()) {
    table.add({member_text(one, "client_id"), member_text(one, "client_name"),
               std::string(one.find("jwks").present() ? console.pick("keys", "密钥")
                                                      : console.pick("none", "无")),
               member_text(one, "scope")});
  }
  table.print(console);
  return succeeded;
}

Result<int> run_client_remove(const Session& session, const SmartOptions& options,
                              const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY(must_be_gone(actor.ask("DELETE", "/smart/v1/clients/" + options.name)));
  tell_one(console, "xinglin/smart-client/v1", "client_id", options.name);
  console.done("Removed, and everything that it was granted has ended",
               "已删除,其获得的一切授权均已终止");
  return succeeded;
}

/// From the file, or asked for twice. Errors: usage_invalid, passphrase_wrong.
Result<std::string> password_for(const SmartOptions& options, const Session& session) {
  if (!options.password_file.empty()) {
    XL_TRY(crypto::check_key_file(options.password_file));
    XL_TRY_ASSIGN(const Bytes file, read_file(options.password_file, password_file_bytes_max));
    std::string out(text_of(file));
    while (out.ends_with('\n') || out.ends_with('\r')) out.pop_back();
    return out;
  }
  if (!options.subject.empty()) return std::string();
  if (session.no_input || !crypto::may_prompt()) {
    return make_error(ErrorCode::usage_invalid, "--password-file or --subject");
  }
  XL_TRY_ASSIGN(const auto first, crypto::prompt_passphrase("Password: "));
  XL_TRY_ASSIGN(const auto second, crypto::prompt_passphrase("Again: "));
  if (!equal(first.view(), second.view())) return make_error(ErrorCode::passphrase_wrong);
  return std::string(text_of(first.view()));
}

Result<int> run_account_add(const Session& session, const SmartOptions& options,
                            const Console& console) {
  XL_TRY_ASSIGN(const std::string password, password_for(options, session));
  json::Writer wish;
  wish.begin_object().key("name").string(options.name);
  if (!password.empty()) wish.key("password").string(password);
  if (!options.subject.empty()) wish.key("subject").string(options.subject);
  wish.key("did").string(options.did);
  wish.end_object();
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const json::Document answer,
                client::json_of(
                    actor.ask("POST", "/smart/v1/accounts", "application/json", wish.take()), 201));
  tell_one(console, "xinglin/smart-account/v1", "name", member_text(answer.root(), "name"));
  console.done("Added: that it is this person who signs in is the organisation's own word",
               "已添加:登录者是否为其本人,以机构自身的陈述为准");
  return succeeded;
}

Result<int> run_account_list(const Session& session, const SmartOptions&, const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const json::Document answer,
                client::json_of(actor.ask("GET", "/smart/v1/accounts")));
  if (console.json()) {
    console.answer(json::write(answer.root()));
    return succeeded;
  }
  Table table(
      {std::string(console.pick("ACCOUNT", "账户")), std::string(console.pick("PASSWORD", "密码")),
       std::string(console.pick("SUBJECT", "外部标识")), std::string(console.pick("WHO", "人员"))});
  for (const json::Value one : answer.root().find("accounts").items()) {
    const bool has = one.find("has_password").as_bool().value_or(false);
    table.add({member_text(one, "name"),
               std::string(has ? console.pick("yes", "有") : console.pick("no", "无")),
               member_text(one, "subject"), member_text(one, "did")});
  }
  table.print(console);
  return succeeded;
}

Result<int> run_account_remove(const Session& session, const SmartOptions& options,
                               const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY(must_be_gone(actor.ask("DELETE", "/smart/v1/accounts/" + options.name)));
  tell_one(console, "xinglin/smart-account/v1", "name", options.name);
  console.done("Removed, and everything that it granted has ended",
               "已删除,其授予的一切授权均已终止");
  return succeeded;
}

/// Signs in for the browser whose page shows the code. What the app may do is agreed to there.
Result<int> run_approve(const Session& session, const SmartOptions& options,
                        const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::open(session));
  XL_TRY_ASSIGN(client::NodeAddress address, address_of(session));
  client::HttpClient node(std::move(address));
  const std::string target = "/o/" + actor.organisation().text() + "/oauth/device/" + options.code;
  XL_TRY_ASSIGN(const json::Document asked, client::json_of(node.get(target)));
  const json::Value request = asked.root();
  console.say("  " + member_text(request, "client_name") + " asks for " +
                  member_text(request, "scope") + "\n  at " +
                  member_text(request, "organisation_name") +
                  ". Go on only if you opened that page yourself.",
              "  " + member_text(request, "client_name") + " 向 " +
                  member_text(request, "organisation_name") +
                  " 申请:" + member_text(request, "scope") + "\n  仅当页面由您本人打开时才继续。");
  // What is signed names the app, and nobody else can be told that it was another.
  const std::string challenge = member_text(request, "challenge");
  const std::string app =
      member_text(request, "client_name") + " (" + member_text(request, "client_id") + ")";
  if (contracts::identity::stated_in(challenge).app != app) {
    return make_error(ErrorCode::answer_unexpected, "the challenge is for another app");
  }
  if (!session.dry_run) {
    XL_TRY_ASSIGN(
        const std::string signature,
        actor.session().sign_in_request(actor.identity().organisation, actor.roles(), challenge));
    XL_TRY(must_be_gone(node.send("POST", target, "application/json", signature)));
    console.done("Signed in: go on in the browser", "已登录:请在浏览器中继续");
  }
  if (console.json()) console.answer(json::write(request));
  return succeeded;
}

Result<int> run_launch(const Session& session, const SmartOptions& options,
                       const Console& console) {
  json::Writer wish;
  wish.begin_object().key("patient").string(options.patient);
  if (!options.encounter.empty()) wish.key("encounter").string(options.encounter);
  if (!options.context.empty()) {
    wish.key("fhirContext").begin_array();
    for (const std::string& reference : options.context) {
      wish.begin_object().key("reference").string(reference).end_object();
    }
    wish.end_array();
  }
  wish.end_object();
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const json::Document answer,
                client::json_of(
                    actor.ask("POST", "/smart/v1/launches", "application/json", wish.take()), 201));
  tell_one(console, "xinglin/smart-launch/v1", "launch", member_text(answer.root(), "launch"));
  console.say("  Open the app with ?launch=…&iss=… within five minutes.",
              "  请在五分钟内以 ?launch=…&iss=… 打开应用。");
  return succeeded;
}

void add_client_commands(CLI::App* group, Session& session,
                         const std::shared_ptr<SmartOptions>& options) {
  auto* clients = group->add_subcommand("client", "apps that may ask for access");
  clients->require_subcommand(1);
  auto* add = clients->add_subcommand("add", "register an app");
  add->add_option("FILE", options->file, "its registration as JSON")->required();
  add->footer(
      "Examples:\n  xinglin smart client add app.json --as hospital.json\n"
      "  xinglin smart client add feed.json --as hospital.json --json");
  choose_change(add, session, options, run_client_add);
  auto* list = clients->add_subcommand("list", "the registered apps");
  list->footer(
      "Examples:\n  xinglin smart client list --as hospital.json\n"
      "  xinglin smart client list --as hospital.json --json");
  choose(list, session, options, run_client_list);
  auto* remove = clients->add_subcommand("remove", "remove an app, and end what it was granted");
  remove->add_option("CLIENT", options->name, "its client id")->required();
  remove->footer(
      "Examples:\n  xinglin smart client remove chart --as hospital.json\n"
      "  xinglin smart client remove chart --as hospital.json --dry-run");
  choose_change(remove, session, options, run_client_remove);
}

void add_account_commands(CLI::App* group, Session& session,
                          const std::shared_ptr<SmartOptions>& options) {
  auto* accounts = group->add_subcommand("account", "people who sign in without a key");
  accounts->require_subcommand(1);
  auto* add = accounts->add_subcommand("add", "add somebody");
  add->add_option("NAME", options->name, "letters, digits, . _ - @")->required();
  add->add_option("--password-file", options->password_file, "file with the password");
  add->add_option("--subject", options->subject, "who they are at the outside provider");
  add->add_option("--did", options->did, "the practitioner, patient or guardian whose it is")
      ->required();
  add->footer(
      "Examples:\n  xinglin smart account add ward7 --did did:xinglin:… --as hospital.json\n"
      "  xinglin smart account add ada --did did:xinglin:… --subject 00u1 --as hospital.json");
  choose_change(add, session, options, run_account_add);
  auto* list = accounts->add_subcommand("list", "the accounts");
  list->footer(
      "Examples:\n  xinglin smart account list --as hospital.json\n"
      "  xinglin smart account list --as hospital.json --json");
  choose(list, session, options, run_account_list);
  auto* remove = accounts->add_subcommand("remove", "remove one, and end what it granted");
  remove->add_option("NAME", options->name, "its name")->required();
  remove->footer(
      "Examples:\n  xinglin smart account remove ward7 --as hospital.json\n"
      "  xinglin smart account remove ward7 --as hospital.json --dry-run");
  choose_change(remove, session, options, run_account_remove);
}

}  // namespace

void add_smart_commands(CLI::App& app, Session& session) {
  auto options = std::make_shared<SmartOptions>();  // shared by the callbacks
  auto* group = app.add_subcommand("smart", "apps by SMART on FHIR: register, approve, launch");
  group->require_subcommand(1);
  group->footer(
      "Examples:\n  xinglin smart approve BCDF-GHJK --as ward.json\n"
      "  xinglin smart client add app.json --as hospital.json");
  add_client_commands(group, session, options);
  add_account_commands(group, session, options);
  auto* approve = group->add_subcommand("approve", "sign in for the page that shows a code");
  approve->add_option("CODE", options->code, "as your browser shows it")->required();
  approve->footer(
      "Examples:\n  xinglin smart approve BCDF-GHJK --as ward.json\n"
      "  xinglin smart approve BCDF-GHJK --organisation did:xinglin:… --as ward.json");
  choose_change(approve, session, options, run_approve);
  auto* launch = group->add_subcommand("launch", "a launch value for an app, from a record");
  launch->add_option("--patient", options->patient, "id of the Patient")->required();
  launch->add_option("--encounter", options->encounter, "id of the Encounter");
  launch->add_option("--context", options->context, "other records that are open: Type/id, …")
      ->delimiter(',');
  launch->footer(
      "Examples:\n  xinglin smart launch --patient p1 --as ward.json\n"
      "  xinglin smart launch --patient p1 --encounter e1 --context Observation/bp --as ward.json");
  choose_change(launch, session, options, run_launch);
}

}  // namespace xl::cli
