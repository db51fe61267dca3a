// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/access_disputes.h"

#include "base/checked.h"
#include "base/json/writer.h"
#include "cli/actor.h"
#include "cli/checkpoint.h"
#include "cli/table.h"
#include "cli/words.h"
#include "client/dispute.h"

namespace xl::cli {
namespace {

struct DisputeOptions {
  std::string sequence;
  std::string patient;
  std::string text;
  std::string dispute;
  std::string finding;
  std::string genesis;
  std::vector<std::string> checkpoints;
};

std::string dispute_text(json::Value value, std::string_view name) {
  return std::string(value.find(name).as_string().value_or(""));
}

std::string moment_of(json::Value value, std::string_view name) {
  std::uint64_t ms = 0;
  (void)parse_decimal(dispute_text(value, name), ms);
  return time_text(ms);
}

std::string with_patient(const std::string& path, const model::Id& patient) {
  return path + (path.find('?') == std::string::npos ? "?" : "&") +
         "patient=" + model::did_text(patient);
}

/// The proof of an entry, checked by the genesis before anything is signed about it.
Result<client::AccessProof> checked_proof(Actor& actor, const Session& session,
                                          const DisputeOptions& options) {
  std::uint64_t sequence = 0;
  if (!parse_decimal(options.sequence, sequence) || sequence == 0) {
    return make_error(ErrorCode::usage_invalid, "NUMBER is the number of an entry of the log");
  }
  std::string path = "/access-log/" + std::to_string(sequence) + "/proof";
  if (!options.patient.empty()) {
    XL_TRY_ASSIGN(const model::Id id, id_of(options.patient, "--patient"));
    path = with_patient(path, id);
  }
  XL_TRY_ASSIGN(const json::Document document, client::json_of(actor.ask("GET", path)));
  XL_TRY_ASSIGN(client::AccessProof out, client::read_access_proof(document.root()));
  XL_TRY_ASSIGN(const model::Genesis genesis, genesis_of(options.genesis, session));
  XL_TRY_ASSIGN(const model::Trust trust, trust_of(genesis, options.checkpoints));
  XL_TRY(client::check_access_proof(out, trust));
  return out;
}

Result<int> run_dispute(const Session& session, const DisputeOptions& options,
                        const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  model::Id patient = actor.identity().did;
  if (!options.patient.empty()) {
    XL_TRY_ASSIGN(patient, id_of(options.patient, "--patient"));
  }
  XL_TRY_ASSIGN(const client::AccessProof proof, checked_proof(actor, session, options));
  model::Id dispute;
  const auto sent = client::open_dispute(actor.session(), proof, patient, options.text, dispute);
  XL_TRY(client::applied(sent));
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/dispute-opened/v1");
    out.key("dispute").string(dispute.text());
    out.key("transaction_id").string(sent->transaction_id).end_object();
    console.answer(out.take());
  } else {
    console.result(dispute.text() + "\t" + sent->transaction_id);
  }
  console.done("Disputed; the institution must answer within 30 days, and all see whether it did",
               "已提出异议;机构须在 30 天内答复,是否答复各方可见");
  return succeeded;
}

Result<contracts::access::DisputeFinding> finding_of(const std::string& word) {
  using contracts::access::DisputeFinding;
  if (word == "upheld") return DisputeFinding::upheld;
  if (word == "rejected") return DisputeFinding::rejected;
  if (word == "partly") return DisputeFinding::partly;
  return make_error(ErrorCode::usage_invalid, "--finding is upheld, rejected or partly");
}

Result<int> run_answer_dispute(const Session& session, const DisputeOptions& options,
                               const Console& console) {
  XL_TRY_ASSIGN(const model::Id dispute, id_of(options.dispute, "DISPUTE"));
  XL_TRY_ASSIGN(const auto finding, finding_of(options.finding));
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  const auto sent =
      client::answer_dispute(actor.session(), actor.organisation(), dispute, finding, options.text);
  XL_TRY(client::applied(sent));
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/dispute-answered/v1");
    out.key("dispute").string(dispute.text());
    out.key("transaction_id").string(sent->transaction_id).end_object();
    console.answer(out.take());
  } else {
    console.result(dispute.text() + "\t" + sent->transaction_id);
  }
  console.done("Answered, with your signature", "已签名答复");
  return succeeded;
}

std::string state_text(json::Value one, const Console& console) {
  const bool overdue = one.find("overdue").as_bool().value_or(false);
  const bool answered = dispute_text(one, "state") == "answered";
  std::string out(answered ? console.pick("answered: ", "已答复:")
                           : console.pick("open", "待答复"));
  if (answered) out += console.words(dispute_text(one, "finding"));
  if (overdue) out += std::string(console.pick(", overdue", ",已逾期"));
  return out;
}

std::vector<std::string> dispute_row(json::Value one, const Console& console) {
  return {dispute_text(one, "dispute"), dispute_text(one, "sequence"), moment_of(one, "opened_ms"),
          moment_of(one, "due_ms"),     state_text(one, console),      dispute_text(one, "text"),
          dispute_text(one, "answer")};
}

Table dispute_table(const Console& console) {
  return Table({std::string(console.pick("DISPUTE", "异议")), "#",
                std::string(console.pick("OPENED", "提出")),
                std::string(console.pick("DUE", "答复期限")),
                std::string(console.pick("STATE", "状态")),
                std::string(console.pick("WHAT IS WRONG", "异议内容")),
                std::string(console.pick("ANSWER", "答复"))});
}

Result<int> show_one_dispute(Actor& actor, const Session& session, const DisputeOptions& options,
                             const Console& console) {
  XL_TRY_ASSIGN(const model::Id dispute, id_of(options.dispute, "DISPUTE"));
  XL_TRY_ASSIGN(const json::Document document,
                client::json_of(actor.ask("GET", "/disputes/" + dispute.text())));
  XL_TRY_ASSIGN(const model::Genesis genesis, genesis_of(options.genesis, session));
  XL_TRY_ASSIGN(const model::Trust trust, trust_of(genesis, options.checkpoints));
  XL_TRY(client::check_dispute(document.root(), trust));
  if (console.json()) {
    console.answer(json::write(document.root()));
    return succeeded;
  }
  Table table = dispute_table(console);
  table.add(dispute_row(document.root(), console));
  table.print(console);
  console.done("The ledger holds the dispute and its answer, in these words",
               "账本上有此异议及其答复,内容一致");
  return succeeded;
}

Result<int> run_disputes(const Session& session, const DisputeOptions& options,
                         const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  if (!options.dispute.empty()) return show_one_dispute(actor, session, options, console);
  Table table = dispute_table(console);
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/disputes/v1").key("disputes").begin_array();
  std::string after;
  do {
    std::string path = "/disputes?count=100";
    if (!after.empty()) path += "&after=" + after;
    if (!options.patient.empty()) {
      XL_TRY_ASSIGN(const model::Id id, id_of(options.patient, "--patient"));
      path = with_patient(path, id);
    }
    XL_TRY_ASSIGN(const json::Document page, client::json_of(actor.ask("GET", path)));
    for (const json::Value one : page.root().find("disputes").items()) {
      table.add(dispute_row(one, console));
      out.value(one);
    }
    after = dispute_text(page.root(), "next_after");
  } while (!after.empty());
  out.end_array().end_object();
  if (console.json()) {
    console.answer(out.take());
  } else {
    table.print(console);
  }
  return succeeded;
}

}  // namespace

void add_access_dispute_commands(CLI::App* group, Session& session) {
  auto options = std::make_shared<DisputeOptions>();
  const auto add_trust = [options](CLI::App* command) {
    command->add_option("--genesis", options->genesis,
                        "the network's genesis; default: the node's");
    add_checkpoint_option(command, options->checkpoints);
  };
  auto* dispute = group->add_subcommand("dispute", "say that an entry of the log is wrong");
  dispute->add_option("NUMBER", options->sequence, "the entry's number in 'access log'")
      ->required();
  dispute->add_option("--text", options->text, "what is wrong with it, in your words")->required();
  dispute->add_option("--patient", options->patient, "guardians: whose log, a DID");
  add_trust(dispute);
  dispute->footer(
      "Examples:\n  xinglin access dispute 12 --text 'I was never at this ward' --as ada.json\n"
      "  xinglin access dispute 12 --text '…' --patient did:xinglin:… --as mother.json");
  choose_change(dispute, session, options, run_dispute);
  auto* answer = group->add_subcommand("answer", "answer a dispute, as a privacy officer");
  answer->add_option("DISPUTE", options->dispute, "its id, of 'access disputes'")->required();
  answer->add_option("--finding", options->finding, "upheld, rejected or partly")->required();
  answer->add_option("--text", options->text, "the answer, in your words")->required();
  answer->footer(
      "Examples:\n  xinglin access answer abc… --finding upheld --text 'it was a mistake' --as "
      "officer.json\n"
      "  xinglin access answer abc… --finding rejected --text 'she took your blood' --as "
      "officer.json --json");
  choose_change(answer, session, options, run_answer_dispute);
  auto* list = group->add_subcommand("disputes", "disputes, until when they are to be answered");
  list->add_option("DISPUTE", options->dispute, "one alone, checked towards the ledger");
  list->add_option("--patient", options->patient,
                   "guardians, officers: whose, a DID; officers without: all that wait");
  add_trust(list);
  list->footer(
      "Examples:\n  xinglin access disputes --as ada.json\n"
      "  xinglin access disputes abc… --genesis genesis.json --as ada.json\n"
      "  xinglin access disputes --as officer.json --json");
  choose(list, session, options, run_disputes);
}

}  // namespace xl::cli
