// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/consent.h"

#include "base/file.h"
#include "base/json/writer.h"
#include "cli/co_sign.h"
#include "cli/consent_show.h"
#include "cli/words.h"
#include "client/policy.h"
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
  std::string confidentiality = "normal";
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
    console.result(out.end_object().take());
  } else {
    console.result(id.text() + "\t" + options.signing.request);
    console.result("evidence salt\t" + to_hex(salt));
  }
  say_co_signed(done, options.signing, console);
  console.say("  keep the salt with the paper: together they prove what was committed to",
              "  请将该随机数与纸质文件一并保存:二者共同证明所承诺的内容");
}

Result<client::PolicyWish> wish_of(const Session& session, const ConsentOptions& options) {
  client::PolicyWish out;
  if (!options.to.empty()) {
    XL_TRY_ASSIGN(out.organisation, id_of(options.to, "--to"));
  }
  if (!options.person.empty()) {
    XL_TRY_ASSIGN(out.person, id_of(options.person, "--person"));
  }
  out.types = options.types;
  const auto purpose =
      consent::purpose_of_code(session.purpose.empty() ? "TREAT" : session.purpose);
  if (!purpose) return make_error(ErrorCode::purpose_unknown, session.purpose);
  out.purpose = *purpose;
  const auto level = client::confidentiality_of_word(options.confidentiality);
  if (!level) {
    return make_error(ErrorCode::usage_invalid,
                      "--confidentiality is unrestricted, low, moderate, normal, restricted or "
                      "very-restricted");
  }
  out.confidentiality_max = *level;
  out.may_export = options.exports;
  return out;
}

/// When it ends: 0 for "until revoked" is not offered: a forgotten consent must run out.
Result<std::uint64_t> end_of(const ConsentOptions& options, std::uint64_t now_ms) {
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
                 const Console& console) {
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/consent-agreed/v1");
    out.key("consent").string(id.text()).key("transaction_id").string(sent.transaction_id);
    out.key("end_ms").string(std::to_string(end_ms)).end_object();
    console.result(out.take());
  } else {
    console.result(id.text() + "\t" + sent.transaction_id);
  }
  console.done("Agreed until " + time_text(end_ms) + ", on the ledger, its content sealed",
               "已授权至 " + time_text(end_ms) + ",已上链,内容密封");
  console.say("  next: xinglin consent revoke " + id.text(),
              "  撤销:xinglin consent revoke " + id.text());
}

/// Two of the staff sign what a patient without a device agreed to on paper.
Result<int> run_grant_assisted(const Session& session, const ConsentOptions& options,
                               const Console& console) {
  XL_TRY_ASSIGN(const client::PolicyWish wish, wish_of(session, options));
  XL_TRY_ASSIGN(consent::Policy policy, client::policy_of(wish));
  XL_TRY_ASSIGN(Actor actor, Actor::open(session));
  XL_TRY(check_assisted(actor, options));
  XL_TRY_ASSIGN(const std::uint64_t end_ms, end_of(options, actor.now_ms()));
  if (end_ms - actor.now_ms() > limits::assisted_consent_ms_max) {
    return make_error(ErrorCode::usage_invalid, "a consent at the desk lasts 90 days at most");
  }
  if (options.patient.empty()) {
    return make_error(ErrorCode::usage_invalid, "--patient names who agreed: a DID");
  }
  XL_TRY_ASSIGN(const model::Id patient, id_of(options.patient, "--patient"));
  XL_TRY_ASSIGN(const Bytes paper, read_file(options.evidence, limits::record_bytes_max));
  const model::Id id = client::random_id();
  XL_TRY_ASSIGN(const consent::SealedPolicy sealed,
                client::seal_policy(std::move(policy), id, patient, actor.identity().organisation));
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
  model::Id id;
  const auto sent =
      actor.session().grant(std::move(policy), patient, actor.identity().organisation, end_ms, id);
  XL_TRY(client::applied(sent));
  show_agreed(id, *sent, end_ms, console);
  return succeeded;
}

Result<int> run_narrow(const Session& session, const ConsentOptions& options,
                       const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const AgreedConsent old, agreed_consent(actor, options.id, options.patient));
  consent::Policy policy = old.sealed.policy();
  consent::Rule& rule = *policy.mutable_rule();
  if (!options.types.empty()) {
    XL_TRY_ASSIGN(client::PolicyWish wish, wish_of(session, options));
    wish.person = wish.person ? wish.person : actor.identity().did;  // its grantees are not used
    XL_TRY_ASSIGN(const consent::Policy fresh, client::policy_of(wish));
    *rule.mutable_classes() = fresh.rule().classes();
  }
  if (!session.purpose.empty()) {
    XL_TRY_ASSIGN(const client::PolicyWish wish, wish_of(session, options));
    rule.clear_purposes();
    rule.add_purposes(static_cast<std::uint32_t>(wish.purpose));
  }
  if (!options.person.empty()) {
    XL_TRY_ASSIGN(const model::Id person, id_of(options.person, "--person"));
    for (auto& grantee : *rule.mutable_grantees()) grantee.set_person(bytes_of(person.bytes));
  }
  std::uint64_t end_ms = old.end_ms;
  if (!options.until.empty() || options.days != 0) {
    XL_TRY_ASSIGN(end_ms, end_of(options, actor.now_ms()));
  }
  model::Id replacement;
  const auto sent =
      actor.session().narrow(std::move(policy), old.sealed, old.start_ms, end_ms, replacement);
  XL_TRY(client::applied(sent));
  show_agreed(replacement, *sent, end_ms, console);
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
    console.result(out.end_object().take());
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

void add_assisted(CLI::App* command, const std::shared_ptr<ConsentOptions>& options) {
  command->add_flag("--assisted", options->assisted,
                    "at the desk: two of the staff sign for who agreed on paper");
  command->add_option("--evidence", options->evidence,
                      "the signed paper, as a file; only a salted commitment leaves this machine");
  add_co_sign_options(command, options->signing);
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
  grant->add_option("--confidentiality", options->confidentiality,
                    "up to: unrestricted, low, moderate, normal, restricted, very-restricted");
  grant->add_flag("--exports", options->exports, "allow bulk exports too");
  add_assisted(grant, options);
  grant->footer(
      "Examples:\n"
      "  xinglin consent grant --to did:xinglin:… --person did:xinglin:… --types Observation \\\n"
      "    --purpose TREAT --days 30 --as ada.json\n"
      "  xinglin consent grant --to did:xinglin:… --types Claim --purpose HPAYMT \\\n"
      "    --until 2027-12-31 --as ada.json\n"
      "  xinglin consent grant --assisted --patient did:xinglin:… --to did:xinglin:… --days 30 \\\n"
      "    --evidence scan.pdf --with nurse.card --request request.json --as ward.json");
  choose_change(grant, session, options, run_grant);
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
}

}  // namespace xl::cli
