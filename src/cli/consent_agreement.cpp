// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/consent_agreement.h"

#include "base/checked.h"
#include "base/file.h"
#include "base/json/writer.h"
#include "cli/actor.h"
#include "cli/table.h"
#include "cli/words.h"
#include "client/agreement.h"
#include "contracts/api/shape.h"
#include "contracts/consent/codes.h"
#include "fhir/definitions.h"
#include "model/canonical.h"

namespace xl::cli {
namespace {

namespace terms_of_use = contracts::consent;
using contracts::PartyKind;

constexpr std::uint64_t agreement_day_ms = 24ULL * 60 * 60 * 1000;

struct AgreementOptions {
  std::string with;
  bool gives = false;  ///< the other one holds the data
  std::vector<std::string> types;
  std::vector<std::string> purposes;
  std::uint32_t retention_days = 0;
  bool onward = false;
  std::string text;
  std::string until;
  std::uint32_t days = 0;
  std::string file;
  std::string agreement;
  std::string dispute;
};

/// An organisation's own identity. Errors: usage_invalid.
Result<Actor> administrator(const Session& session) {
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  if (actor.identity().kind != PartyKind::organisation) {
    return make_error(ErrorCode::usage_invalid, "--as names the organisation's own identity");
  }
  return actor;
}

Result<terms_of_use::AgreementTerms> wanted_terms(const Actor& actor,
                                                  const AgreementOptions& options) {
  XL_TRY_ASSIGN(const model::Id other, id_of(options.with, "--with"));
  const model::Id& own = actor.identity().did;
  terms_of_use::AgreementTerms out;
  out.set_holder(client::bytes_of((options.gives ? other : own).bytes));
  out.set_reader(client::bytes_of((options.gives ? own : other).bytes));
  for (const std::string& type : options.types) {
    if (!fhir::is_resource_type(type)) {
      return make_error(ErrorCode::usage_invalid, "--types: no FHIR resource type: " + type);
    }
    auto* added = out.add_classes();
    added->set_system(std::string(terms_of_use::resource_types_system));
    added->set_code(type);
  }
  for (const std::string& code : options.purposes) {
    const auto purpose = terms_of_use::purpose_of_code(code);
    if (!purpose) return make_error(ErrorCode::usage_invalid, "--purposes: unknown code: " + code);
    out.add_purposes(static_cast<std::uint32_t>(*purpose));
  }
  out.set_retention_days(options.retention_days);
  out.set_onward(options.onward);
  out.set_text(options.text);
  XL_TRY(client::complete_terms(out));
  return out;
}

Result<std::uint64_t> agreement_end(const AgreementOptions& options, std::uint64_t now_ms) {
  if (!options.until.empty() && options.days != 0) {
    return make_error(ErrorCode::usage_invalid, "--until or --days");
  }
  if (options.days != 0) return now_ms + options.days * agreement_day_ms;
  if (options.until.empty()) return std::uint64_t{0};
  return end_of_day_ms(options.until, "--until");
}

/// What became of an agreement, as `schema` says it.
int tell_agreement(std::string_view schema, const std::string& agreement, const client::Sent& sent,
                   const Console& console) {
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string(schema).key("agreement").string(agreement);
    out.key("transaction_id").string(sent.transaction_id).end_object();
    console.answer(out.take());
  } else {
    console.result(agreement + "\t" + sent.transaction_id);
  }
  return succeeded;
}

Result<int> run_propose(const Session& session, const AgreementOptions& options,
                        const Console& console) {
  XL_TRY_ASSIGN(Actor actor, administrator(session));
  XL_TRY_ASSIGN(const terms_of_use::AgreementTerms terms, wanted_terms(actor, options));
  XL_TRY_ASSIGN(const std::uint64_t end_ms, agreement_end(options, actor.now_ms()));
  console.say("  " + client::terms_sentence(terms, false),
              "  " + client::terms_sentence(terms, true));
  // Before anything is signed: without the file nobody could accept it.
  XL_TRY(write_file_durably(options.file, view_of(client::terms_file(terms)), 0600));
  const auto sent = client::propose_agreement(actor.session(), terms, end_ms);
  XL_TRY(client::applied(sent));
  const std::string id = contracts::id_of(terms.agreement()).text();
  tell_agreement("xinglin/agreement-proposed/v1", id, *sent, console);
  console.done("Proposed; send " + options.file + " to the other, who accepts it",
               "已提议;请将 " + options.file + " 交给对方接受");
  return succeeded;
}

Result<int> run_accept(const Session& session, const AgreementOptions& options,
                       const Console& console) {
  XL_TRY_ASSIGN(const Bytes content, read_file(options.file, 64 * 1024));
  XL_TRY_ASSIGN(const json::Document document,
                json::in_file(json::parse(text_of(content), {}), text_of(content), options.file));
  XL_TRY_ASSIGN(const terms_of_use::AgreementTerms terms, client::read_terms_file(document.root()));
  XL_TRY_ASSIGN(Actor actor, administrator(session));
  console.say("  " + client::terms_sentence(terms, false),
              "  " + client::terms_sentence(terms, true));
  const auto sent = client::accept_agreement(actor.session(), terms);
  XL_TRY(client::applied(sent));
  tell_agreement("xinglin/agreement-accepted/v1", contracts::id_of(terms.agreement()).text(), *sent,
                 console);
  console.done("In force, on exactly these terms", "协议已按上述条款生效");
  return succeeded;
}

Result<int> run_end_agreement(const Session& session, const AgreementOptions& options,
                              const Console& console) {
  XL_TRY_ASSIGN(const model::Id id, id_of(options.agreement, "AGREEMENT"));
  XL_TRY_ASSIGN(Actor actor, administrator(session));
  const auto sent = client::end_agreement(actor.session(), id);
  XL_TRY(client::applied(sent));
  tell_agreement("xinglin/agreement-ended/v1", id.text(), *sent, console);
  console.done("Ended; what was given under it stays bound by its terms",
               "协议已终止;此前依协议提供的内容仍受其条款约束");
  return succeeded;
}

std::string agreement_member(json::Value one, std::string_view name) {
  return std::string(one.find(name).as_string().value_or(""));
}

std::string agreement_time(json::Value one, std::string_view name) {
  std::uint64_t ms = 0;
  (void)parse_decimal(agreement_member(one, name), ms);
  return time_text(ms);
}

std::string agreement_status(json::Value one, const Console& console) {
  const std::string word = agreement_member(one, "status");
  if (word == "proposed") return std::string(console.pick("proposed", "待接受"));
  if (word == "ended") return std::string(console.pick("ended", "已终止"));
  const bool holds = one.find("in_force").as_bool().value_or(false);
  return std::string(holds ? console.pick("in force", "有效")
                           : console.pick("not in its time", "不在有效期内"));
}

/// What the sealed terms say; empty where they were never brought here.
std::string agreed_words(json::Value one, const Console& console) {
  Bytes sealed;
  terms_of_use::AgreementTerms terms;
  const std::string text = agreement_member(one, "sealed");
  if (text.empty() || !from_base64(text, sealed)) return {};
  if (!model::decode_canonical(sealed, terms)) return {};
  return client::terms_sentence(terms, console.options().language == Language::chinese);
}

Table agreement_table(const Console& console) {
  return Table(
      {std::string(console.pick("AGREEMENT", "协议")), std::string(console.pick("STATE", "状态")),
       std::string(console.pick("UNTIL", "截止")), std::string(console.pick("WHAT", "内容"))});
}

void add_agreement_row(Table& table, json::Value one, const Console& console) {
  table.add({agreement_member(one, "agreement"), agreement_status(one, console),
             agreement_time(one, "end_ms"), agreed_words(one, console)});
}

Result<int> run_list_agreements(const Session& session, const AgreementOptions&,
                                const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const json::Document all, client::json_of(actor.ask("GET", "/agreements")));
  if (console.json()) {
    console.answer(json::write(all.root()));
    return succeeded;
  }
  Table table = agreement_table(console);
  for (const json::Value one : all.root().find("agreements").items()) {
    add_agreement_row(table, one, console);
  }
  table.print(console);
  if (all.root().find("required").as_bool().value_or(false)) {
    console.say("Other institutions read here by consent under an agreement alone",
                "其他机构须有协议,才能凭授权在此查看");
  }
  return succeeded;
}

Result<int> run_show_agreement(const Session& session, const AgreementOptions& options,
                               const Console& console) {
  XL_TRY_ASSIGN(const model::Id id, id_of(options.agreement, "AGREEMENT"));
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const json::Document one,
                client::json_of(actor.ask("GET", "/agreements/" + id.text())));
  if (console.json()) {
    console.answer(json::write(one.root()));
    return succeeded;
  }
  Table table = agreement_table(console);
  add_agreement_row(table, one.root(), console);
  table.print(console);
  Table disputes({std::string(console.pick("DISPUTE", "异议")),
                  std::string(console.pick("DUE", "答复期限")),
                  std::string(console.pick("WHAT IS WRONG", "异议内容")),
                  std::string(console.pick("ANSWER", "答复"))});
  for (const json::Value dispute : one.root().find("disputes").items()) {
    disputes.add({agreement_member(dispute, "dispute"), agreement_time(dispute, "due_ms"),
                  agreement_member(dispute, "text"), agreement_member(dispute, "answer")});
  }
  disputes.print(console);
  return succeeded;
}

Result<int> run_dispute_agreement(const Session& session, const AgreementOptions& options,
                                  const Console& console) {
  XL_TRY_ASSIGN(const model::Id id, id_of(options.agreement, "AGREEMENT"));
  XL_TRY_ASSIGN(Actor actor, administrator(session));
  model::Id dispute;
  const auto sent = client::dispute_agreement(actor.session(), id, options.text, dispute);
  XL_TRY(client::applied(sent));
  tell_agreement("xinglin/agreement-disputed/v1", dispute.text(), *sent, console);
  console.done("Disputed; the other must answer within 30 days, and all see whether it did",
               "已提出异议;对方须在 30 天内答复,是否答复各方可见");
  return succeeded;
}

Result<int> run_answer_agreement(const Session& session, const AgreementOptions& options,
                                 const Console& console) {
  XL_TRY_ASSIGN(const model::Id id, id_of(options.agreement, "AGREEMENT"));
  XL_TRY_ASSIGN(const model::Id dispute, id_of(options.dispute, "DISPUTE"));
  XL_TRY_ASSIGN(Actor actor, administrator(session));
  const auto sent = client::answer_agreement(actor.session(), id, dispute, options.text);
  XL_TRY(client::applied(sent));
  tell_agreement("xinglin/agreement-answered/v1", dispute.text(), *sent, console);
  console.done("Answered, with your signature", "已签名答复");
  return succeeded;
}

using SharedOptions = std::shared_ptr<AgreementOptions>;

void add_making(CLI::App* group, Session& session, const SharedOptions& options) {
  auto* propose = group->add_subcommand("propose", "propose terms to another institution");
  propose->add_option("--with", options->with, "the other institution: a DID")->required();
  propose->add_flag("--to-us", options->gives, "the data are theirs; default: ours");
  propose->add_option("--types", options->types, "FHIR resource types; default: all")
      ->delimiter(',');
  propose->add_option("--purposes", options->purposes, "HL7 codes, such as TREAT,HRESCH")
      ->delimiter(',')
      ->required();
  propose
      ->add_option("--retention-days", options->retention_days, "how long the reader may keep it")
      ->required()
      ->check(CLI::Range(1, 36'500));
  propose->add_flag("--onward", options->onward, "the reader may hand it on");
  propose->add_option("--text", options->text, "more in words, or where the contract lies");
  propose->add_option("--until", options->until, "last day, YYYY-MM-DD");
  propose->add_option("--days", options->days, "for so many days")->check(CLI::Range(1, 36'500));
  propose->add_option("--out", options->file, "the terms, a file for the other")->required();
  propose->footer(
      "Examples:\n  xinglin consent agreement propose --with did:xinglin:… --purposes TREAT \\\n"
      "    --retention-days 365 --out terms.json --as hospital.json\n"
      "  xinglin consent agreement propose --with did:xinglin:… --to-us --purposes HRESCH \\\n"
      "    --types Observation --retention-days 30 --days 365 --out terms.json --as hospital.json");
  choose_change(propose, session, options, run_propose);
  auto* accept = group->add_subcommand("accept", "accept terms that were proposed");
  accept->add_option("FILE", options->file, "the terms, of who proposed them")->required();
  accept->footer(
      "Examples:\n  xinglin consent agreement accept terms.json --as hospital.json\n"
      "  xinglin consent agreement accept terms.json --dry-run --as hospital.json");
  choose_change(accept, session, options, run_accept);
  auto* end = group->add_subcommand("end", "end an agreement, withdraw or refuse a proposal");
  end->add_option("AGREEMENT", options->agreement, "its id")->required();
  end->footer(
      "Examples:\n  xinglin consent agreement end abc… --as hospital.json\n"
      "  xinglin consent agreement end abc… --as hospital.json --json");
  choose_change(end, session, options, run_end_agreement);
}

void add_breaking(CLI::App* group, Session& session, const SharedOptions& options) {
  auto* dispute = group->add_subcommand("dispute", "say that the other one broke it");
  dispute->add_option("AGREEMENT", options->agreement, "its id")->required();
  dispute->add_option("--text", options->text, "what is wrong with it, in your words")->required();
  dispute->footer(
      "Examples:\n  xinglin consent agreement dispute abc… --text 'handed on' --as hospital.json\n"
      "  xinglin consent agreement dispute abc… --text '…' --as hospital.json --json");
  choose_change(dispute, session, options, run_dispute_agreement);
  auto* answer = group->add_subcommand("answer", "answer a dispute about an agreement");
  answer->add_option("AGREEMENT", options->agreement, "its id")->required();
  answer->add_option("DISPUTE", options->dispute, "the dispute, of 'consent agreement show'")
      ->required();
  answer->add_option("--text", options->text, "the answer, in your words")->required();
  answer->footer(
      "Examples:\n  xinglin consent agreement answer abc… def… --text 'deleted' --as clinic.json\n"
      "  xinglin consent agreement answer abc… def… --text '…' --as clinic.json --json");
  choose_change(answer, session, options, run_answer_agreement);
}

}  // namespace

void add_consent_agreement_commands(CLI::App* group, Session& session) {
  auto* agreement =
      group->add_subcommand("agreement", "what institutions agree about data that go between them")
          ->require_subcommand(1);
  agreement->footer(
      "Examples:\n  xinglin consent agreement list --as hospital.json\n"
      "  xinglin consent agreement accept terms.json --as hospital.json");
  auto options = std::make_shared<AgreementOptions>();
  add_making(agreement, session, options);
  auto* list = agreement->add_subcommand("list", "those that were not ended");
  list->footer(
      "Examples:\n  xinglin consent agreement list --as hospital.json\n"
      "  xinglin consent agreement list --as hospital.json --json");
  choose(list, session, options, run_list_agreements);
  auto* show = agreement->add_subcommand("show", "one, with its disputes");
  show->add_option("AGREEMENT", options->agreement, "its id")->required();
  show->footer(
      "Examples:\n  xinglin consent agreement show abc… --as hospital.json\n"
      "  xinglin consent agreement show abc… --as hospital.json --json");
  choose(show, session, options, run_show_agreement);
  add_breaking(agreement, session, options);
}

}  // namespace xl::cli
