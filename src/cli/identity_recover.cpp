// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/identity_recover.h"

#include <algorithm>

#include "base/file.h"
#include "base/json/writer.h"
#include "cli/co_sign.h"
#include "cli/identity_keys.h"
#include "cli/table.h"
#include "cli/words.h"
#include "contracts/identity/messages.pb.h"
#include "contracts/identity/records.h"

namespace xl::cli {
namespace {

namespace wire = xinglin::identity::v1;
using client::bytes_of;
using contracts::identity::contract_number;

constexpr std::uint64_t recovery_card_bytes_max = 16 * 1024;
constexpr std::uint64_t recovery_day_ms = 24ULL * 60 * 60 * 1000;

struct RecoverOptions {
  std::vector<std::string> guardians;
  std::uint32_t threshold = 0;
  std::string attester;
  bool need_both = false;
  std::uint32_t waiting_days = 3;
  std::string card;
  std::string party;
  std::string out;
  CoSignOptions signing;
};

/// Shows what one message about a party's recovery did.
void show_step(const std::string& step, const model::Id& party, const client::Sent& sent,
               const Console& console) {
  if (!console.json()) {
    console.result(model::did_text(party) + "\t" + sent.transaction_id);
    return;
  }
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/recovery/v1").key("step").string(step);
  out.key("party").string(model::did_text(party));
  out.key("transaction_id").string(sent.transaction_id).end_object();
  console.answer(out.take());
}

Result<int> run_setup(const Session& session, const RecoverOptions& options,
                      const Console& console) {
  wire::ConfigureRecovery message;
  std::vector<model::Id> guardians;
  for (const std::string& text : options.guardians) {
    XL_TRY_ASSIGN(const model::Id guardian, id_of(text, "--guardian"));
    guardians.push_back(guardian);
  }
  std::sort(guardians.begin(), guardians.end());
  for (const model::Id& guardian : guardians) message.add_guardians(bytes_of(guardian.bytes));
  const auto all = static_cast<std::uint32_t>(guardians.size());
  message.set_threshold(options.threshold == 0 ? all : options.threshold);
  if (!options.attester.empty()) {
    XL_TRY_ASSIGN(const model::Id attester, id_of(options.attester, "--attester"));
    message.set_attester(bytes_of(attester.bytes));
  }
  message.set_need_both(options.need_both);
  message.set_waiting_ms(options.waiting_days * recovery_day_ms);
  XL_TRY_ASSIGN(Actor actor, Actor::open(session));
  const model::Id party = actor.identity().did;
  message.set_party(bytes_of(party.bytes));
  const auto sent = actor.session().submit(contract_number,
                                           contracts::identity::configure_recovery_type, message);
  XL_TRY(client::applied(sent));
  show_step("setup", party, *sent, console);
  const std::string days = std::to_string(options.waiting_days);
  console.done("If your keys are lost, these can give you new ones after " + days + " days",
               "如您的密钥丢失,他们可在等待 " + days + " 天后为您换发新密钥");
  return succeeded;
}

Result<int> run_start(const Session& session, const RecoverOptions& options,
                      const Console& console) {
  XL_TRY_ASSIGN(const Bytes content, read_file(options.card, recovery_card_bytes_max));
  XL_TRY_ASSIGN(const client::Card card,
                json::in_file(client::read_card(text_of(content)), text_of(content), options.card));
  XL_TRY_ASSIGN(Actor actor, Actor::open(session));
  XL_TRY_ASSIGN(const model::Genesis* genesis, actor.session().genesis());
  XL_TRY(client::check_card(card, genesis->network));
  wire::StartRecovery message;
  message.set_party(bytes_of(card.did.bytes));
  client::fill_new_key(card, *message.add_keys());
  XL_TRY_ASSIGN(const CoSigned done,
                begin_signing(actor,
                              client::message_to(contract_number,
                                                 contracts::identity::start_recovery_type, message),
                              {}, options.signing));
  const std::string party = model::did_text(card.did);
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/recovery/v1").key("step").string("start");
    out.key("party").string(party);
    write_co_signed(out, done, options.signing);
    console.answer(out.end_object().take());
  } else {
    console.result(party + "\t" +
                   (done.sent ? done.sent->transaction_id : options.signing.request));
  }
  say_co_signed(done, options.signing, console);
  if (done.sent) {
    console.say(
        "  The waiting period runs; the owner is told and may cancel with the old key.\n"
        "  next: xinglin identity recover status " +
            party,
        "  等待期已开始;本人会收到通知,可用旧密钥取消。\n  下一步:xinglin identity recover "
        "status " +
            party);
  }
  return succeeded;
}

Result<int> run_cancel(const Session& session, const RecoverOptions&, const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::open(session));
  const model::Id party = actor.identity().did;
  wire::CancelRecovery message;
  message.set_party(bytes_of(party.bytes));
  const auto sent =
      actor.session().submit(contract_number, contracts::identity::cancel_recovery_type, message);
  XL_TRY(client::applied(sent));
  show_step("cancel", party, *sent, console);
  console.done("Cancelled: your keys stay yours", "已取消:您的密钥保持不变");
  return succeeded;
}

Result<int> run_finish(const Session& session, const RecoverOptions& options,
                       const Console& console) {
  XL_TRY_ASSIGN(const model::Id party, id_of(options.party, "DID"));
  XL_TRY_ASSIGN(Actor actor, Actor::open(session));
  wire::FinishRecovery message;
  message.set_party(bytes_of(party.bytes));
  const auto sent =
      actor.session().submit(contract_number, contracts::identity::finish_recovery_type, message);
  XL_TRY(client::applied(sent));
  show_step("finish", party, *sent, console);
  console.done("The new keys hold; the old ones and their sessions have ended",
               "新密钥已生效,旧密钥及其会话已失效");
  return succeeded;
}

Result<int> run_status(const Session& session, const RecoverOptions& options,
                       const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  model::Id party = actor.identity().did;
  if (!options.party.empty()) {
    XL_TRY_ASSIGN(party, id_of(options.party, "DID"));
  }
  wire::RecoveryTerms terms;
  wire::RunningRecovery running;
  XL_TRY_ASSIGN(const auto agreed,
                proved_value(actor, contracts::identity::recovery_terms_key(party)));
  XL_TRY_ASSIGN(const auto started,
                proved_value(actor, contracts::identity::running_recovery_key(party)));
  if ((agreed && !contracts::decode_record(*agreed, terms)) ||
      (started && !contracts::decode_record(*started, running))) {
    return make_error(ErrorCode::answer_unexpected);
  }
  const auto attester = model::id_from_bytes(view_of(terms.attester()));
  const std::string attester_text = attester.ok() ? model::did_text(*attester) : "";
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/recovery-status/v1");
    out.key("party").string(model::did_text(party)).key("configured").boolean(agreed.has_value());
    out.key("guardians").unsigned_integer(static_cast<std::uint64_t>(terms.guardians_size()));
    out.key("threshold").unsigned_integer(terms.threshold());
    out.key("attester").string(attester_text).key("need_both").boolean(terms.need_both());
    out.key("waiting_ms").string(std::to_string(terms.waiting_ms()));
    out.key("running").boolean(started.has_value());
    out.key("started_ms").string(std::to_string(running.started_ms()));
    out.key("ready_ms").string(std::to_string(running.ready_ms())).end_object();
    console.answer(out.take());
    return succeeded;
  }
  Table table({"", ""});
  table.add({console.words("party"), model::did_text(party)});
  table.add({console.words("guardians"),
             std::to_string(terms.threshold()) + "/" + std::to_string(terms.guardians_size())});
  table.add({console.words("attester"), attester_text});
  table.add({console.words("started"), time_text(running.started_ms())});
  table.add({console.words("ready"), time_text(running.ready_ms())});
  table.print(console);
  return succeeded;
}

Result<int> run_card(const Session& session, const RecoverOptions& options,
                     const Console& console) {
  XL_TRY_ASSIGN(const client::Identity who, open_identity(session));
  XL_TRY_ASSIGN(const model::Genesis genesis, genesis_of({}, session));
  const std::string card = client::write_card(client::make_card(who, genesis.network));
  if (!options.out.empty()) XL_TRY(write_file_durably(options.out, view_of(card)));
  if (console.json()) {
    console.document(card);
  } else {
    console.result(options.out.empty() ? card : options.out);
  }
  if (options.out.empty()) return succeeded;
  console.done("Wrote the card: the public key and a proof of it, no secret",
               "已写出名片:仅含公钥及其证明,不含秘密");
  return succeeded;
}

void add_steps(CLI::App* recover, Session& session,
               const std::shared_ptr<RecoverOptions>& options) {
  auto* start = recover->add_subcommand("start", "ask for new keys for somebody who lost theirs");
  start->add_option("CARD", options->card, "the card of their new key")->required();
  add_co_sign_options(start, options->signing);
  start->footer(
      "Examples:\n  xinglin identity recover start ada.new.card --as hospital.json\n"
      "  xinglin identity recover start ada.new.card --with daughter.card,hospital.card \\\n"
      "    --request request.json --as son.json");
  choose_change(start, session, options, run_start);
  add_approve_command(recover, session, "identity recover");
  auto* cancel = recover->add_subcommand("cancel", "stop it, with a key that would be replaced");
  cancel->footer(
      "Examples:\n  xinglin identity recover cancel --as ada.json\n"
      "  xinglin identity recover cancel --as ada.json --json");
  choose_change(cancel, session, options, run_cancel);
  auto* finish = recover->add_subcommand("finish", "put the new keys in, after the waiting period");
  finish->add_option("DID", options->party, "whose keys")->required();
  finish->footer(
      "Examples:\n  xinglin identity recover finish did:xinglin:… --as son.json\n"
      "  xinglin identity recover finish did:xinglin:… --as hospital.json --json");
  choose_change(finish, session, options, run_finish);
  auto* status = recover->add_subcommand("status", "who may recover somebody, and what runs");
  status->add_option("DID", options->party, "default: yourself");
  status->footer(
      "Examples:\n  xinglin identity recover status --as ada.json\n"
      "  xinglin identity recover status did:xinglin:… --as hospital.json --json");
  choose(status, session, options, run_status);
}

}  // namespace

void add_identity_recover_commands(CLI::App* group, Session& session) {
  auto options = std::make_shared<RecoverOptions>();
  auto* recover =
      group->add_subcommand("recover", "new keys for who lost theirs")->require_subcommand(1);
  recover->footer(
      "Examples:\n  xinglin identity recover setup --guardian did:xinglin:… --as ada.json\n"
      "  xinglin identity recover start ada.new.card --as son.json");
  auto* setup = recover->add_subcommand("setup", "say who together may give you new keys");
  setup->add_option("--guardian", options->guardians, "guardians with the power of recovery: DIDs")
      ->delimiter(',');
  setup->add_option("--threshold", options->threshold, "how many of them; default: all");
  setup->add_option("--attester", options->attester, "your custodian or employer: a DID");
  setup->add_flag("--need-both", options->need_both, "guardians and attester; else either");
  setup->add_option("--waiting-days", options->waiting_days, "3 to 90; default: 3");
  setup->footer(
      "Examples:\n  xinglin identity recover setup --guardian did:xinglin:… --as ada.json\n"
      "  xinglin identity recover setup --attester did:xinglin:… --waiting-days 7 --as ada.json");
  choose_change(setup, session, options, run_setup);
  add_steps(recover, session, options);
  auto* card =
      group->add_subcommand("card", "your card once more: who you are, and your public key");
  card->add_option("--out", options->out, "write it to this file");
  card->footer(
      "Examples:\n  xinglin identity card --as hospital.json --out hospital.card\n"
      "  xinglin identity card --as ada.json");
  choose(card, session, options, run_card);
}

}  // namespace xl::cli
