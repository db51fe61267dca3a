// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/consent.h"

#include <set>

#include "base/file.h"
#include "base/json/writer.h"
#include "cli/co_sign.h"
#include "cli/consent_agreement.h"
#include "cli/consent_preview.h"
#include "cli/consent_request.h"
#include "cli/consent_show.h"
#include "cli/words.h"
#include "client/policy.h"
#include "consents/sentence.h"
#include "contracts/api/shape.h"
#include "contracts/consent/messages.pb.h"
#include "contracts/consent/records.h"
#include "model/limits.h"

namespace xl::cli {
namespace {

namespace consent = contracts::consent;
using client::bytes_of;
using contracts::PartyKind;

constexpr std::uint64_t one_day_ms = 24ULL * 60 * 60 * 1000;

struct ConsentOptions {
  std::string id;
  std::string to;
  std::string person;
  std::string patient;  ///< for guardians
  std::vector<std::string> types;
  std::string until;
  std::uint32_t days = 0;
  bool refuses = false;                      ///< consent deny
  std::vector<std::string> confidentiality;  ///< the most, or the least and the most
  std::string data_from;
  std::string data_to;
  std::vector<std::string> authors;
  std::vector<std::string> author_organisations;
  std::vector<std::string> except_types;
  std::vector<std::string> except_persons;
  std::vector<std::string> except_authors;
  bool exports = false;
  bool assisted = false;  ///< at the desk: staff sign for a patient who agreed on paper
  std::string evidence;   ///< the paper that the patient signed, as a file
  CoSignOptions signing;
};

/// What two of the staff need besides the wish itself. Errors: usage_invalid.
Status check_assisted(const Actor& actor, const ConsentOptions& options) {
  if (actor.identity().kind != PartyKind::practitioner) {
    return make_error(ErrorCode::usage_invalid, "--assisted is signed by two of the staff");
  }
  if (options.evidence.empty()) {
    return make_error(ErrorCode::usage_invalid, "--evidence names the paper the patient signed");
  }
  if (options.signing.cards.size() != 1) {
    return make_error(ErrorCode::usage_invalid, "--with names the card of the second signer");
  }
  return {};
}

/// Shows what is under way at the desk. The salt opens the commitment to the paper: it is kept
/// with it.
void show_assisted(const std::string& what, const model::Id& id, const Hash& salt,
                   const CoSigned& done, const ConsentOptions& options, const Console& console) {
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/consent-assisted/v1").key("step");
    out.string(what).key("consent").string(id.text()).key("evidence_salt").string(to_hex(salt));
    write_co_signed(out, done, options.signing);
    console.answer(out.end_object().take());
  } else {
    console.result(id.text() + "\t" + options.signing.request);
    console.result(console.words("evidence salt") + "\t" + to_hex(salt));
  }
  say_co_signed(done, options.signing, console);
  console.say("  keep the salt with the paper: together they prove what was committed to",
              "  请将该随机数与纸质文件一并保存:二者共同证明所承诺的内容");
}

Status fill_ids(const std::vector<std::string>& texts, std::string_view option,
                std::vector<model::Id>& out) {
  for (const std::string& text : texts) {
    XL_TRY_ASSIGN(const model::Id id, id_of(text, option));
    out.push_back(id);
  }
  return {};
}

Status fill_confidentiality(const ConsentOptions& options, client::PolicyWish& out) {
  if (options.refuses) out.confidentiality_max = consent::Confidentiality::very_restricted;
  if (options.confidentiality.empty()) return {};
  if (options.confidentiality.size() > 2) {
    return make_error(ErrorCode::usage_invalid, "--confidentiality is the most, or least,most");
  }
  // The parser lets known words through alone.
  out.confidentiality_max = *client::confidentiality_of_word(options.confidentiality.back());
  if (options.confidentiality.size() == 2) {
    out.confidentiality_min = *client::confidentiality_of_word(options.confidentiality.front());
  }
  return {};
}

/// What the data are about: when, by whom, and what is left out.
Status fill_data(const ConsentOptions& options, client::PolicyWish& out) {
  if (!options.data_from.empty()) {
    XL_TRY_ASSIGN(out.data_from_ms, start_of_day_ms(options.data_from, "--data-from"));
  }
  if (!options.data_to.empty()) {
    XL_TRY_ASSIGN(const std::int64_t last, start_of_day_ms(options.data_to, "--data-to"));
    out.data_to_ms = last + static_cast<std::int64_t>(one_day_ms);
  }
  if (out.data_from_ms && out.data_to_ms && *out.data_from_ms >= *out.data_to_ms) {
    return make_error(ErrorCode::usage_invalid, "--data-to is before --data-from");
  }
  XL_TRY(fill_ids(options.authors, "--author", out.authors));
  XL_TRY(fill_ids(options.author_organisations, "--author-organisation", out.author_organisations));
  XL_TRY(fill_ids(options.except_persons, "--except-person", out.except_persons));
  XL_TRY(fill_ids(options.except_authors, "--except-author", out.except_authors));
  out.except_types = options.except_types;
  return {};
}

Result<client::PolicyWish> wish_of(const Session& session, const ConsentOptions& options) {
  client::PolicyWish out;
  if (options.refuses) out.effect = consent::Effect::deny;
  if (!options.to.empty()) {
    XL_TRY_ASSIGN(out.organisation, id_of(options.to, "--to"));
  }
  if (!options.person.empty()) {
    XL_TRY_ASSIGN(out.person, id_of(options.person, "--person"));
  }
  out.types = options.types;
  if (!session.purpose.empty()) out.purpose = consent::purpose_of_code(session.purpose);
  if (session.purpose.empty() && !options.refuses) out.purpose = consent::PurposeOfUse::treatment;
  XL_TRY(fill_confidentiality(options, out));
  XL_TRY(fill_data(options, out));
  out.may_export = options.exports;
  return out;
}

/// 0: a refusal that was given no end holds until it is revoked.
Result<std::uint64_t> end_of(const ConsentOptions& options, std::uint64_t now_ms) {
  if (options.refuses && options.until.empty() && options.days == 0) return std::uint64_t{0};
  if (options.until.empty() == (options.days == 0)) {
    return make_error(ErrorCode::usage_invalid, "say when it ends: --until YYYY-MM-DD or --days N");
  }
  if (options.days != 0) return now_ms + options.days * one_day_ms;
  XL_TRY_ASSIGN(const std::uint64_t end, end_of_day_ms(options.until, "--until"));
  if (end <= now_ms) return make_error(ErrorCode::usage_invalid, "--until is over");
  return end;
}

Result<model::Id> patient_of(Actor& actor, const ConsentOptions& options) {
  if (actor.identity().kind == PartyKind::patient) return actor.identity().did;
  if (options.patient.empty()) {
    return make_error(ErrorCode::usage_invalid, "a guardian names the --patient");
  }
  return id_of(options.patient, "--patient");
}

void show_agreed(const model::Id& id, const client::Sent& sent, std::uint64_t end_ms,
                 const consent::SealedPolicy& sealed, const Console& console) {
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/consent-agreed/v1");
    out.key("consent").string(id.text()).key("transaction_id").string(sent.transaction_id);
    out.key("end_ms").unsigned_integer(end_ms);
    out.key("en").string(consents::sentence_of(sealed, false));
    out.key("zh").string(consents::sentence_of(sealed, true)).end_object();
    console.answer(out.take());
  } else {
    console.result(id.text() + "\t" + sent.transaction_id);
  }
  const std::string end = time_text(end_ms);
  console.done(
      (end_ms == 0 ? "On the ledger until you revoke it, its content sealed"
                   : "On the ledger until " + end + ", its content sealed"),
      (end_ms == 0 ? "已上链,撤销前一直有效,内容密封" : "已上链,有效至 " + end + ",内容密封"));
  console.say("  " + consents::sentence_of(sealed, false),
              "  " + consents::sentence_of(sealed, true));
  console.say("  next: xinglin consent revoke " + id.text(),
              "  撤销:xinglin consent revoke " + id.text());
}

/// Everybody whom a rule and its exceptions name: organisations, people.
void collect_named(const consent::Rule& rule, std::set<std::string>& organisations,
                   std::set<std::string>& people) {
  for (const auto& grantee : rule.grantees()) {
    organisations.insert(grantee.organisation());
    people.insert(grantee.person());
  }
  for (const auto& author : rule.authors()) {
    organisations.insert(author.organisation());
    people.insert(author.person());
  }
  for (const consent::Rule& exception : rule.exceptions()) {
    collect_named(exception, organisations, people);
  }
}

/// What the ledger calls an organisation; empty for none.
Result<std::string> organisation_name(Actor& actor, const model::Id& did) {
  XL_TRY_ASSIGN(const client::HttpResponse answer,
                actor.session().ask("GET", "/ledger/v1/parties/" + model::did_text(did)));
  const auto party = json::parse(answer.body, {});
  if (answer.status != 200 || !party.ok()) return std::string();
  return std::string(party->root().find("name").as_string().value_or(""));
}

/// What the custodian's directory calls a practitioner; empty for one whom it does not have.
Result<std::string> person_name(Actor& actor, const model::Id& did) {
  XL_TRY_ASSIGN(const client::HttpResponse answer, actor.fhir("GET", "Practitioner/" + did.text()));
  json::Limits bounds;
  bounds.bytes_max = limits::record_bytes_max;
  const auto found = json::parse(answer.body, bounds);
  if (answer.status != 200 || !found.ok()) return std::string();
  const json::Value name = found->root().find("name").at(0);
  if (const auto text = name.find("text").as_string()) return std::string(*text);
  std::string out;
  for (const json::Value given : name.find("given").items()) {
    out += std::string(given.as_string().value_or("")) + " ";
  }
  return out + std::string(name.find("family").as_string().value_or(""));
}

void add_name(const std::string& did, const std::string& name, consent::SealedPolicy& out) {
  if (name.empty() || name.size() > limits::form_name_bytes_max) return;  // the DID has to do
  auto* added = out.mutable_form()->add_names();
  added->set_did(did);
  added->set_text(name);
}

/// Seals what is agreed with what the ledger calls the organisations in it and the custodian the
/// people: the sentence that people confirm is made of that.
Result<consent::SealedPolicy> seal_named(Actor& actor, consent::Policy policy, const model::Id& id,
                                         const model::Id& patient) {
  consent::SealedPolicy out;
  out.set_patient(bytes_of(patient.bytes));
  out.set_custodian(bytes_of(actor.identity().organisation.bytes));
  std::set<std::string> organisations;
  std::set<std::string> people;
  collect_named(policy.rule(), organisations, people);
  *out.mutable_policy() = std::move(policy);
  out.mutable_form()->set_scope(static_cast<std::uint32_t>(consent::ConsentScope::privacy));
  for (const std::string& one : organisations) {
    if (one.empty()) continue;
    XL_TRY_ASSIGN(const std::string name, organisation_name(actor, contracts::id_of(one)));
    add_name(one, name, out);
  }
  for (const std::string& one : people) {
    if (one.empty()) continue;
    XL_TRY_ASSIGN(const std::string name, person_name(actor, contracts::id_of(one)));
    add_name(one, name, out);
  }
  return client::seal_policy(std::move(out), id);
}

Result<int> run_grant_assisted(const Session& session, const ConsentOptions& options,
                               const Console& console) {
  XL_TRY_ASSIGN(const client::PolicyWish wish, wish_of(session, options));
  XL_TRY_ASSIGN(consent::Policy policy, client::policy_of(wish));
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY(check_assisted(actor, options));
  XL_TRY_ASSIGN(const std::uint64_t end_ms, end_of(options, actor.now_ms()));
  if (end_ms == 0 || end_ms - actor.now_ms() > limits::assisted_consent_ms_max) {
    return make_error(ErrorCode::usage_invalid, "a consent at the desk lasts 90 days at most");
  }
  if (options.patient.empty()) {
    return make_error(ErrorCode::usage_invalid, "--patient names who agreed: a DID");
  }
  XL_TRY_ASSIGN(const model::Id patient, id_of(options.patient, "--patient"));
  XL_TRY_ASSIGN(const Bytes paper, read_file(options.evidence, limits::record_bytes_max));
  const model::Id id = client::random_id();
  XL_TRY_ASSIGN(const consent::SealedPolicy sealed,
                seal_named(actor, std::move(policy), id, patient));
  Hash salt{};
  xinglin::consent::v1::GrantAssisted message;
  message.set_consent(bytes_of(id.bytes));
  message.set_patient(bytes_of(patient.bytes));
  message.set_end_ms(end_ms);
  message.set_commitment(bytes_of(consent::commitment_of(sealed)));
  message.set_evidence(bytes_of(client::committed(text_of(paper), salt)));
  XL_TRY_ASSIGN(const CoSigned done,
                begin_signing(actor,
                              client::message_to(consent::contract_number,
                                                 consent::grant_assisted_type, message),
                              model::encode(sealed), options.signing));
  show_assisted("grant", id, salt, done, options, console);
  return succeeded;
}

/// The same way back: who has no device takes a consent back at the desk.
Result<int> run_revoke_assisted(const Session& session, const ConsentOptions& options,
                                const Console& console) {
  XL_TRY_ASSIGN(const model::Id id, id_of(options.id, "ID"));
  XL_TRY_ASSIGN(Actor actor, Actor::open(session));
  XL_TRY(check_assisted(actor, options));
  XL_TRY_ASSIGN(const Bytes paper, read_file(options.evidence, limits::record_bytes_max));
  Hash salt{};
  xinglin::consent::v1::Revoke message;
  message.set_consent(bytes_of(id.bytes));
  message.set_evidence(bytes_of(client::committed(text_of(paper), salt)));
  XL_TRY_ASSIGN(
      const CoSigned done,
      begin_signing(actor,
                    client::message_to(consent::contract_number, consent::revoke_type, message), {},
                    options.signing));
  show_assisted("revoke", id, salt, done, options, console);
  return succeeded;
}

Result<int> run_grant(const Session& session, const ConsentOptions& options,
                      const Console& console) {
  if (options.assisted) return run_grant_assisted(session, options, console);
  XL_TRY_ASSIGN(const client::PolicyWish wish, wish_of(session, options));
  XL_TRY_ASSIGN(consent::Policy policy, client::policy_of(wish));
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const std::uint64_t end_ms, end_of(options, actor.now_ms()));
  XL_TRY_ASSIGN(const model::Id patient, patient_of(actor, options));
  XL_TRY_ASSIGN(const consent::SealedPolicy sealed,
                seal_named(actor, std::move(policy), client::random_id(), patient));
  const auto sent = actor.session().grant(sealed, end_ms);
  XL_TRY(client::applied(sent));
  show_agreed(contracts::id_of(sealed.consent()), *sent, end_ms, sealed, console);
  return succeeded;
}

/// What the options take away from a permit; a refusal stays as it is.
Status narrow_rule(const Session& session, const ConsentOptions& options,
                   const consent::Rule& fresh, consent::Policy& policy) {
  if (policy.effect() != static_cast<std::uint32_t>(consent::Effect::permit)) return {};
  consent::Rule& rule = *policy.mutable_rule();
  if (!options.types.empty()) *rule.mutable_classes() = fresh.classes();
  if (!session.purpose.empty()) *rule.mutable_purposes() = fresh.purposes();
  if (options.person.empty()) return {};
  XL_TRY_ASSIGN(const model::Id person, id_of(options.person, "--person"));
  for (auto& grantee : *rule.mutable_grantees()) grantee.set_person(bytes_of(person.bytes));
  return {};
}

Result<int> run_narrow(const Session& session, const ConsentOptions& options,
                       const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const AgreedConsent old, agreed_consent(actor, options.id, options.patient));
  consent::SealedPolicy wanted = old.sealed;
  XL_TRY_ASSIGN(client::PolicyWish wish, wish_of(session, options));
  wish.person = wish.person ? wish.person : actor.identity().did;  // its grantees are not used
  XL_TRY_ASSIGN(const consent::Policy fresh, client::policy_of(wish));
  XL_TRY(narrow_rule(session, options, fresh.rule(), *wanted.mutable_policy()));
  for (consent::Policy& policy : *wanted.mutable_further()) {
    XL_TRY(narrow_rule(session, options, fresh.rule(), policy));
  }
  std::uint64_t end_ms = old.end_ms;
  if (!options.until.empty() || options.days != 0) {
    XL_TRY_ASSIGN(end_ms, end_of(options, actor.now_ms()));
  }
  XL_TRY_ASSIGN(const consent::SealedPolicy sealed,
                client::seal_policy(std::move(wanted), client::random_id()));
  const model::Id before = contracts::id_of(old.sealed.consent());
  const auto sent = actor.session().narrow(before, sealed, old.start_ms, end_ms);
  XL_TRY(client::applied(sent));
  show_agreed(contracts::id_of(sealed.consent()), *sent, end_ms, sealed, console);
  return succeeded;
}

Result<int> run_revoke(const Session& session, const ConsentOptions& options,
                       const Console& console) {
  if (options.assisted) return run_revoke_assisted(session, options, console);
  XL_TRY_ASSIGN(const model::Id id, id_of(options.id, "ID"));
  XL_TRY_ASSIGN(Actor actor, Actor::open(session));
  xinglin::consent::v1::Revoke message;
  message.set_consent(bytes_of(id.bytes));
  const auto sent = actor.session().submit(consent::contract_number, consent::revoke_type, message);
  XL_TRY(client::applied(sent));
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/consent-revoked/v1");
    out.key("consent").string(id.text()).key("transaction_id").string(sent->transaction_id);
    console.answer(out.end_object().take());
  } else {
    console.result(sent->transaction_id);
  }
  console.done("Revoked: from this block on nothing is read on it",
               "已撤销:自此区块起不再据此读取任何内容");
  return succeeded;
}

void add_wishes(CLI::App* command, const std::shared_ptr<ConsentOptions>& options) {
  command->add_option("--person", options->person, "only this practitioner: a DID");
  command->add_option("--types", options->types, "FHIR resource types; default: all")
      ->delimiter(',');
  command->add_option("--until", options->until, "last day, YYYY-MM-DD");
  command->add_option("--days", options->days, "for so many days")->check(CLI::Range(1, 36'500));
  command->add_option("--patient", options->patient, "guardians and --assisted: whose consent");
}

/// Which data, beside their kind.
void add_data_wishes(CLI::App* command, const std::shared_ptr<ConsentOptions>& options) {
  command
      ->add_option("--confidentiality", options->confidentiality,
                   "the most, or least,most: U, L, M, N, R, V (unrestricted to very-restricted)")
      ->delimiter(',')
      ->check(one_of({"U", "L", "M", "N", "R", "V", "unrestricted", "low", "moderate", "normal",
                      "restricted", "very-restricted"}));
  command->add_option("--data-from", options->data_from, "data of this day or later, YYYY-MM-DD");
  command->add_option("--data-to", options->data_to, "data of this day or earlier, YYYY-MM-DD");
  const auto add_list = [command](const char* name, std::vector<std::string>& list,
                                  const char* about) {
    command->add_option(name, list, about)->delimiter(',');
  };
  add_list("--author", options->authors, "data written by these practitioners alone: DIDs");
  add_list("--author-organisation", options->author_organisations,
           "data written at these institutions alone: DIDs");
  add_list("--except-types", options->except_types, "but not these FHIR resource types");
  add_list("--except-person", options->except_persons, "but not for these practitioners: DIDs");
  add_list("--except-author", options->except_authors,
           "but not data written by these practitioners: DIDs");
}

void add_assisted(CLI::App* command, const std::shared_ptr<ConsentOptions>& options) {
  command->add_flag("--assisted", options->assisted,
                    "at the desk: two of the staff sign for who agreed on paper");
  command->add_option("--evidence", options->evidence,
                      "the signed paper, as a file; only a salted commitment leaves this machine");
  add_co_sign_options(command, options->signing);
}

void add_deny(CLI::App* group, Session& session) {
  auto options = std::make_shared<ConsentOptions>();
  options->refuses = true;
  auto* deny =
      group->add_subcommand("deny", "forbid an institution, a person or everybody to read");
  deny->add_option("--to", options->to, "the institution: a DID; default: everybody");
  add_wishes(deny, options);
  add_data_wishes(deny, options);
  add_assisted(deny, options);
  deny->footer(
      "Examples:\n  xinglin consent deny --types Condition --as ada.json\n"
      "  xinglin consent deny --person did:xinglin:… --as ada.json\n"
      "  xinglin consent deny --to did:xinglin:… --data-to 2019-12-31 --days 90 --as ada.json\n"
      "It goes before every permit, also in your own hospital; an emergency alone overrides it.");
  choose_change(deny, session, options, run_grant);
}

}  // namespace

void add_consent_commands(CLI::App& app, Session& session) {
  auto* group = app.add_subcommand("consent", "who may see what, for how long, and why")
                    ->require_subcommand(1);
  group->footer(
      "Examples:\n  xinglin consent list --as ada.json\n"
      "  xinglin consent grant --to did:xinglin:… --types Observation --days 30 --as ada.json");
  auto options = std::make_shared<ConsentOptions>();
  auto* grant = group->add_subcommand("grant", "allow an institution or a person to read");
  grant->add_option("--to", options->to, "the institution: a DID");
  add_wishes(grant, options);
  add_data_wishes(grant, options);
  grant->add_flag("--exports", options->exports, "allow bulk exports too");
  add_assisted(grant, options);
  grant->footer(
      "Examples:\n"
      "  xinglin consent grant --to did:xinglin:… --person did:xinglin:… --types Observation \\\n"
      "    --purpose TREAT --days 30 --as ada.json\n"
      "  xinglin consent grant --to did:xinglin:… --types Claim --purpose HPAYMT \\\n"
      "    --until 2027-12-31 --as ada.json\n"
      "  xinglin consent grant --to did:xinglin:… --except-types Condition --data-from 2020-01-01 "
      "\\\n"
      "    --days 30 --as ada.json\n"
      "  xinglin consent grant --assisted --patient did:xinglin:… --to did:xinglin:… --days 30 \\\n"
      "    --evidence scan.pdf --with nurse.card --request request.json --as ward.json");
  choose_change(grant, session, options, run_grant);
  add_deny(group, session);
  auto* narrow = group->add_subcommand("narrow", "put a narrower consent in the place of one");
  narrow->add_option("ID", options->id, "the consent")->required();
  add_wishes(narrow, options);
  narrow->footer(
      "Examples:\n  xinglin consent narrow abc… --types Observation --as ada.json\n"
      "  xinglin consent narrow abc… --days 7 --as ada.json");
  choose_change(narrow, session, options, run_narrow);
  auto* revoke = group->add_subcommand("revoke", "stop sharing, at once");
  revoke->add_option("ID", options->id, "the consent")->required();
  add_assisted(revoke, options);
  revoke->footer(
      "Examples:\n  xinglin consent revoke abc… --as ada.json\n"
      "  xinglin consent revoke abc… --as ada.json --json");
  choose_change(revoke, session, options, run_revoke);
  add_approve_command(group, session, "consent");
  add_consent_show_commands(group, session);
  add_consent_preview_commands(group, session);
  add_consent_request_commands(group, session);
  add_consent_agreement_commands(group, session);
}

}  // namespace xl::cli
