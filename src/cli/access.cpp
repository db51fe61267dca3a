// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/access.h"

#include "base/json/writer.h"
#include "cli/access_log.h"
#include "cli/actor.h"
#include "client/emergency.h"
#include "contracts/access/messages.pb.h"
#include "contracts/access/records.h"

namespace xl::cli {
namespace {

using client::bytes_of;
using contracts::PartyKind;

struct EmergencyOptions {
  std::string patient;
  std::string custodian;
  std::string code;
  std::string text;
  std::string entry;
  std::string findings;
};

void show_entry(std::string_view schema, const std::string& entry, const client::Sent& sent,
                const Console& console) {
  if (!console.json()) {
    console.result(entry + "\t" + sent.transaction_id);
    return;
  }
  json::Writer out;
  out.begin_object().key("schema").string(schema).key("entry").string(entry);
  out.key("transaction_id").string(sent.transaction_id).end_object();
  console.result(out.take());
}

Result<int> run_break_glass(const Session& session, const EmergencyOptions& options,
                            const Console& console) {
  XL_TRY_ASSIGN(const model::Id patient, id_of(options.patient, "--patient"));
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  model::Id custodian = actor.organisation();
  if (!options.custodian.empty()) {
    XL_TRY_ASSIGN(custodian, id_of(options.custodian, "--custodian"));
  }
  client::Sent sent;
  XL_TRY_ASSIGN(const model::Id entry,
                client::declare_emergency(actor.session(), custodian,
                                          {patient, options.code, options.text}, sent));
  XL_TRY(client::applied(sent));
  show_entry("xinglin/emergency/v1", entry.text(), sent, console);
  console.done("The glass is broken for 60 minutes; the patient and the privacy officer are told",
               "紧急查看已开启,有效 60 分钟;患者与隐私负责人将获通知");
  const std::string next = "xinglin record list Condition patient=ID --organisation " +
                           custodian.text() + " --purpose ETREAT --emergency " + entry.text();
  console.say("  next: " + next, "  下一步:" + next);
  return succeeded;
}

Result<int> run_review(const Session& session, const EmergencyOptions& options,
                       const Console& console) {
  XL_TRY_ASSIGN(const model::Id entry, id_of(options.entry, "ENTRY"));
  XL_TRY_ASSIGN(Actor actor, Actor::open(session));
  if (actor.identity().kind != PartyKind::practitioner) {
    return make_error(ErrorCode::usage_invalid, "a privacy officer reviews, with their own key");
  }
  xinglin::access::v1::ReviewEmergency message;
  message.set_entry(bytes_of(entry.bytes));
  message.set_reviewer(bytes_of(actor.identity().did.bytes));
  message.set_outcome(bytes_of(client::committed(options.findings)));
  const auto sent = actor.session().submit(contracts::access::contract_number,
                                           contracts::access::review_emergency_type, message);
  XL_TRY(client::applied(sent));
  show_entry("xinglin/emergency-review/v1", entry.text(), *sent, console);
  console.done("Reviewed; only a salted commitment to the findings is on the ledger",
               "已复核;账本上仅有复核结论的加盐承诺");
  return succeeded;
}

}  // namespace

void add_access_commands(CLI::App& app, Session& session) {
  auto* group =
      app.add_subcommand("access", "who looked, why, and emergencies")->require_subcommand(1);
  group->footer(
      "Examples:\n  xinglin access log --as ada.json\n"
      "  xinglin access explain 12 --as ada.json");
  add_access_log_commands(group, session);
  auto options = std::make_shared<EmergencyOptions>();
  auto* glass = group->add_subcommand("break-glass", "read without consent in an emergency");
  glass->add_option("--patient", options->patient, "whose records: the DID at the custodian")
      ->required();
  glass->add_option("--custodian", options->custodian, "who keeps them; default: --organisation");
  glass->add_option("--reason-code", options->code, "such as unconscious")->required();
  glass->add_option("--reason", options->text, "in your words; it will be reviewed")->required();
  glass->footer(
      "Examples:\n"
      "  xinglin access break-glass --patient did:xinglin:… --custodian did:xinglin:… \\\n"
      "    --reason-code unconscious --reason 'unconscious after an accident' --as wang.json\n"
      "  xinglin record list Condition patient=7 --purpose ETREAT --emergency ENTRY --as "
      "wang.json");
  choose(glass, session, options, run_break_glass);
  auto* review = group->add_subcommand("review", "say whether an emergency was one");
  review->add_option("ENTRY", options->entry, "the emergency's entry")->required();
  review->add_option("--findings", options->findings, "what the review found")->required();
  review->footer(
      "Examples:\n  xinglin access review abc… --findings 'justified' --as officer.json\n"
      "  xinglin access review abc… --findings 'justified' --as officer.json --json");
  choose(review, session, options, run_review);
}

}  // namespace xl::cli
