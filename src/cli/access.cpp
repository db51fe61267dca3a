// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/access.h"

#include "base/json/writer.h"
#include "cli/access_disputes.h"
#include "cli/access_log.h"
#include "cli/access_notices.h"
#include "cli/access_verify.h"
#include "cli/actor.h"
#include "cli/co_sign.h"
#include "cli/table.h"
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
  std::string second;  ///< card of the second clinician
  std::vector<std::string> identifiers;
  CoSignOptions signing;
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
  console.answer(out.take());
}

/// Who keeps the records: `--custodian`, else `--organisation`.
Result<model::Id> custodian_of(const Actor& actor, const EmergencyOptions& options) {
  if (options.custodian.empty()) return actor.organisation();
  return id_of(options.custodian, "--custodian");
}

/// How the others sign, and the card of the second clinician if one was named.
struct SecondClinician {
  CoSignOptions signing;
  std::optional<client::Card> card;
};

Result<SecondClinician> second_of(Actor& actor, const EmergencyOptions& options) {
  SecondClinician out{options.signing, std::nullopt};
  if (options.second.empty()) return out;
  out.signing.cards = {options.second};
  XL_TRY_ASSIGN(std::vector<client::Card> cards, cards_of(actor, out.signing));
  out.card = std::move(cards.front());
  return out;
}

/// Shows what became of an emergency that was signed.
void show_signed(const model::Id& entry, const CoSigned& done, const CoSignOptions& signing,
                 const Console& console) {
  if (!console.json()) {
    console.result(entry.text() + "\t" + (done.sent ? done.sent->transaction_id : signing.request));
  } else {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/emergency/v1");
    out.key("entry").string(entry.text());
    write_co_signed(out, done, signing);
    console.answer(out.end_object().take());
  }
  if (!done.sent) say_co_signed(done, signing, console);
}

Result<int> run_break_glass(const Session& session, const EmergencyOptions& options,
                            const Console& console) {
  model::Id patient;  // zero: whom nobody has identified yet
  if (!options.patient.empty()) {
    XL_TRY_ASSIGN(patient, id_of(options.patient, "--patient"));
  }
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const model::Id custodian, custodian_of(actor, options));
  XL_TRY_ASSIGN(const SecondClinician second, second_of(actor, options));
  model::Id entry;
  XL_TRY_ASSIGN(
      client::SigningRequest request,
      client::emergency_request(actor.session(), custodian, {patient, options.code, options.text},
                                second.card, entry));
  XL_TRY_ASSIGN(const CoSigned done,
                go_on_signing(actor, std::move(request), options.signing.request));
  show_signed(entry, done, second.signing, console);
  const std::string next =
      patient.is_zero() ? "xinglin access find " + entry.text() + " --identifier SYSTEM|VALUE"
                        : "xinglin record list Condition patient=ID --organisation " +
                              custodian.text() + " --purpose ETREAT --emergency " + entry.text();
  if (!done.sent) {
    console.say("  then: " + next, "  随后:" + next);
    return succeeded;
  }
  console.done("The glass is broken for 60 minutes; the patient and the privacy officer are told",
               "紧急查看已开启,有效 60 分钟;患者与隐私负责人将获通知");
  console.say("  next: " + next, "  下一步:" + next);
  return succeeded;
}

Result<int> run_find(const Session& session, const EmergencyOptions& options,
                     const Console& console) {
  XL_TRY_ASSIGN(const model::Id entry, id_of(options.entry, "ENTRY"));
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  json::Writer body;
  body.begin_object().key("identifiers").begin_array();
  for (const std::string& one : options.identifiers) {
    const std::size_t bar = one.rfind('|');
    body.begin_object().key("system").string(bar == one.npos ? "" : one.substr(0, bar));
    body.key("value").string(bar == one.npos ? one : one.substr(bar + 1)).end_object();
  }
  body.end_array().end_object();
  XL_TRY_ASSIGN(const json::Document answer,
                client::json_of(actor.ask("POST", "/emergencies/" + entry.text() + "/find",
                                          "application/json", body.take())));
  Table table({std::string(console.pick("CUSTODIAN", "保管机构")),
               std::string(console.pick("PATIENT", "患者"))});
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/person-found/v1");
  out.key("found").value(answer.root().find("found"));
  out.key("missing").value(answer.root().find("missing")).end_object();
  for (const json::Value one : answer.root().find("found").items()) {
    table.add({std::string(one.find("custodian").as_string().value_or("")),
               std::string(one.find("patient").as_string().value_or(""))});
  }
  if (console.json())
    console.answer(out.take());
  else
    table.print(console);
  const std::size_t missing = answer.root().find("missing").size();
  console.say(std::to_string(missing) + " custodians did not answer",
              "有 " + std::to_string(missing) + " 家保管机构未应答");
  return succeeded;
}

Result<int> run_renew(const Session& session, const EmergencyOptions& options,
                      const Console& console) {
  XL_TRY_ASSIGN(const model::Id entry, id_of(options.entry, "ENTRY"));
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const model::Id custodian, custodian_of(actor, options));
  XL_TRY_ASSIGN(const SecondClinician second, second_of(actor, options));
  XL_TRY_ASSIGN(client::SigningRequest request,
                client::renewal_request(actor.session(), custodian, entry, second.card));
  XL_TRY_ASSIGN(const CoSigned done,
                go_on_signing(actor, std::move(request), options.signing.request));
  show_signed(entry, done, second.signing, console);
  if (done.sent) {
    console.done("The glass stays broken for 60 minutes more; it cannot be renewed again",
                 "紧急查看延长 60 分钟;不能再次延长");
  }
  return succeeded;
}

Result<int> run_end(const Session& session, const EmergencyOptions& options,
                    const Console& console) {
  XL_TRY_ASSIGN(const model::Id entry, id_of(options.entry, "ENTRY"));
  XL_TRY_ASSIGN(Actor actor, Actor::open(session));
  xinglin::access::v1::EndEmergency message;
  message.set_entry(bytes_of(entry.bytes));
  const auto sent = actor.session().submit(contracts::access::contract_number,
                                           contracts::access::end_emergency_type, message);
  XL_TRY(client::applied(sent));
  show_entry("xinglin/emergency-ended/v1", entry.text(), *sent, console);
  console.done("Ended: nothing is read by it any more, and it can be reviewed from now on",
               "已结束:不再据此查看任何资料,现在即可复核");
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

void add_second_options(CLI::App* command, const std::shared_ptr<EmergencyOptions>& options) {
  command->add_option("--second", options->second,
                      "card of a second clinician, who signs too: while a review is overdue");
  command->add_option("--request", options->signing.request,
                      "the file to write, which goes to the second clinician to be signed");
}

/// What becomes of an emergency that was declared.
void add_later_commands(CLI::App* group, Session& session,
                        const std::shared_ptr<EmergencyOptions>& options) {
  auto* renew = group->add_subcommand("renew", "60 minutes more, once, while it lasts");
  renew->add_option("ENTRY", options->entry, "the emergency's entry")->required();
  renew->add_option("--custodian", options->custodian, "who keeps them; default: --organisation");
  add_second_options(renew, options);
  renew->footer(
      "Examples:\n  xinglin access renew abc… --custodian did:xinglin:… --as wang.json\n"
      "  xinglin access renew abc… --second li.card --request request.json --as wang.json");
  choose_change(renew, session, options, run_renew);
  auto* end = group->add_subcommand("end", "end an emergency now, before its hour is over");
  end->add_option("ENTRY", options->entry, "the emergency's entry")->required();
  end->footer(
      "Examples:\n  xinglin access end abc… --as wang.json\n"
      "  xinglin access end abc… --as hospital.json --json");
  choose_change(end, session, options, run_end);
  add_approve_command(group, session, "access");
  auto* review = group->add_subcommand("review", "say whether an emergency was one");
  review->add_option("ENTRY", options->entry, "the emergency's entry")->required();
  review->add_option("--findings", options->findings, "what the review found")->required();
  review->footer(
      "Examples:\n  xinglin access review abc… --findings 'justified' --as officer.json\n"
      "  xinglin access review abc… --findings 'justified' --as officer.json --json");
  choose_change(review, session, options, run_review);
}

}  // namespace

void add_access_commands(CLI::App& app, Session& session) {
  auto* group =
      app.add_subcommand("access", "who looked, why, and emergencies")->require_subcommand(1);
  group->footer(
      "Examples:\n  xinglin access log --as ada.json\n"
      "  xinglin access explain 12 --as ada.json");
  add_access_log_commands(group, session);
  add_access_verify_command(group, session);
  add_access_dispute_commands(group, session);
  add_access_notice_commands(group, session);
  auto options = std::make_shared<EmergencyOptions>();
  auto* glass = group->add_subcommand("break-glass", "read without consent in an emergency");
  glass->add_option("--patient", options->patient,
                    "whose records: the DID at the custodian; without: nobody identified them yet");
  glass->add_option("--custodian", options->custodian, "who keeps them; default: --organisation");
  glass
      ->add_option("--reason-code", options->code,
                   "unconscious, life-threatening, stroke, poisoning, cannot-consent, child-alone, "
                   "mental-crisis, unidentified, mass-casualty, infectious-threat or other")
      ->required();
  glass
      ->add_option("--reason", options->text,
                   "in your words, 10 characters at least; it will be reviewed")
      ->required();
  add_second_options(glass, options);
  glass->footer(
      "Examples:\n"
      "  xinglin access break-glass --patient did:xinglin:… --custodian did:xinglin:… \\\n"
      "    --reason-code unconscious --reason 'unconscious after an accident' --as wang.json\n"
      "  xinglin access break-glass --patient did:xinglin:… --reason-code unconscious \\\n"
      "    --reason 'fell from a ladder' --second li.card --request request.json --as wang.json\n"
      "  xinglin record list Condition patient=7 --purpose ETREAT --emergency ENTRY --as "
      "wang.json");
  choose_change(glass, session, options, run_break_glass);
  auto* find = group->add_subcommand("find", "who somebody is who cannot say it");
  find->add_option("ENTRY", options->entry, "the emergency's entry")->required();
  find->add_option("--identifier", options->identifiers,
                   "SYSTEM|VALUE, such as a number on a card they carry; repeat")
      ->required();
  find->footer(
      "Examples:\n"
      "  xinglin access break-glass --reason-code unconscious --reason 'found in the street' "
      "--as wang.json\n"
      "  xinglin access find ENTRY --identifier 'http://hl7.org.cn/id|110101199001011234' "
      "--as wang.json");
  choose(find, session, options, run_find);
  add_later_commands(group, session, options);
}

}  // namespace xl::cli
