// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/identity.h"

#include "base/file.h"
#include "base/json/writer.h"
#include "cli/actor.h"
#include "cli/consent_request.h"
#include "cli/identity_guardians.h"
#include "cli/identity_keys.h"
#include "cli/identity_locator.h"
#include "cli/identity_recover.h"
#include "cli/identity_resolve.h"
#include "cli/words.h"
#include "client/card.h"
#include "contracts/identity/messages.pb.h"
#include "contracts/identity/records.h"
#include "crypto/random.h"

namespace xl::cli {
namespace {

namespace wire = xinglin::identity::v1;
using client::bytes_of;
using contracts::PartyKind;

constexpr std::uint64_t card_bytes_max = 16 * 1024;
/// How many days a guardianship may end before the birthday.
constexpr std::uint64_t early_days_max = 31;
constexpr std::uint64_t attested_ms = 365ULL * 24 * 60 * 60 * 1000;

struct CreateOptions {
  std::string name;
  std::string kind;
  std::string did;  ///< of a patient: the pseudonym that the custodian drew
  std::string out;
  std::string card;
  std::string genesis;
};

struct RegisterOptions {
  std::string card;
  std::vector<std::string> roles;  ///< none: those to sign in with are asked for
  std::string licence = "none";
  std::string until;
  std::string name;  ///< of software, public
  std::string evidence = "identified at the desk";
  std::string ward;  ///< of a guardian
  std::string born;  ///< the ward's birth date: it stays here
  std::uint64_t of_age = 18;
  std::vector<std::string> powers = {"consent"};
};

Result<client::Identity> new_identity(const Session& session, const CreateOptions& options) {
  const auto kind = client::kind_of_word(options.kind);  // the parser lets no other word through
  if (session.organisation.empty()) {
    return make_error(ErrorCode::usage_invalid, "--organisation names who is to register it");
  }
  if ((*kind == PartyKind::patient) == options.did.empty()) {
    return make_error(ErrorCode::usage_invalid,
                      "--did is the pseudonym of a patient; others get a new DID");
  }
  XL_TRY_ASSIGN(const model::Id organisation, id_of(session.organisation, "--organisation"));
  client::Identity out = client::make_identity(options.name, *kind, organisation);
  if (!options.did.empty()) {
    XL_TRY_ASSIGN(out.did, id_of(options.did, "--did"));
  }
  XL_TRY_ASSIGN(out.roles, roles_of_words(session.roles));
  return out;
}

void show_created(const client::Identity& who, const std::string& card, const Console& console) {
  const std::string key_id = to_hex(model::key_id_of(who.key.algorithm(), who.key.public_key()));
  if (console.json()) {
    // The card is one JSON object: it goes in as it is.
    console.answer("{\"schema\":\"xinglin/identity-created/v1\",\"did\":\"" +
                   model::did_text(who.did) + "\",\"key_id\":\"" + key_id + "\",\"card\":" + card +
                   "}");
    return;
  }
  console.result("did\t" + model::did_text(who.did));
  console.result("key\t" + key_id);
}

Result<int> run_create(const Session& session, const CreateOptions& options,
                       const Console& console) {
  std::error_code failure;
  if (std::filesystem::exists(options.out, failure)) {
    return make_error(ErrorCode::file_exists, options.out);
  }
  XL_TRY_ASSIGN(const client::Identity who, new_identity(session, options));
  XL_TRY_ASSIGN(const model::Genesis genesis, genesis_of(options.genesis, session));
  XL_TRY_ASSIGN(const Secret secret, secret_for_new(session));
  const std::string card = client::write_card(client::make_card(who, genesis.network));
  XL_TRY(client::write_identity(options.out, who, secret.view()));
  if (!options.card.empty()) XL_TRY(write_file_durably(options.card, view_of(card)));
  show_created(who, card, console);
  if (!console.json() && options.card.empty()) console.result(card);
  console.done("Made a key; it lies in " + options.out + ", nowhere else",
               "已生成密钥,仅保存在 " + options.out);
  const std::string file = options.card.empty() ? "CARD" : options.card;
  const bool patient = who.kind == PartyKind::patient;
  const std::string next =
      "xinglin identity " + std::string(patient ? "claim " : "attest ") + file + " --as HOSPITAL";
  console.say("  next: give the card to the institution: " + next,
              "  下一步:把名片交给机构登记:" + next);
  return succeeded;
}

Result<client::Card> checked_card(const std::string& path, client::Session& session) {
  XL_TRY_ASSIGN(const Bytes content, read_file(path, card_bytes_max));
  XL_TRY_ASSIGN(client::Card card,
                json::in_file(client::read_card(text_of(content)), text_of(content), path));
  XL_TRY_ASSIGN(const model::Genesis* genesis, session.genesis());
  XL_TRY(client::check_card(card, genesis->network));
  if (card.organisation != session.identity().organisation) {
    return make_error(ErrorCode::input_invalid, "the card is made out to another organisation");
  }
  return card;
}

void show_registered(const client::Card& card, const client::Sent& sent, const Console& console) {
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/identity-registered/v1");
    out.key("did").string(model::did_text(card.did));
    out.key("kind").string(client::kind_word(card.kind));
    out.key("transaction_id").string(sent.transaction_id).end_object();
    console.answer(out.take());
    return;
  }
  console.result(model::did_text(card.did) + "\t" + sent.transaction_id);
}

Result<client::Sent> attest_practitioner(const RegisterOptions& options, const client::Card& card,
                                         const std::vector<std::uint32_t>& roles, Actor& actor) {
  wire::AttestPractitioner message;
  message.set_organisation(bytes_of(actor.identity().organisation.bytes));
  message.set_practitioner(bytes_of(card.did.bytes));
  message.mutable_roles()->Add(roles.begin(), roles.end());
  XL_TRY_ASSIGN(const std::uint32_t licence, licence_of_word(options.licence));
  message.set_licence_type(licence);
  if (licence != 0) message.set_licence_commitment(bytes_of(client::committed(options.evidence)));
  std::uint64_t until = actor.now_ms() + attested_ms;
  if (!options.until.empty()) {
    XL_TRY_ASSIGN(until, end_of_day_ms(options.until, "--until"));
  }
  message.set_valid_to_ms(until);
  client::fill_new_key(card, *message.add_keys());
  return actor.session().submit(contracts::identity::contract_number,
                                contracts::identity::attest_practitioner_type, message);
}

Result<client::Sent> register_service(const RegisterOptions& options, const client::Card& card,
                                      Actor& actor) {
  if (options.name.empty()) {
    return make_error(ErrorCode::usage_invalid, "--name is the software's public name");
  }
  wire::RegisterService message;
  message.set_organisation(bytes_of(actor.identity().organisation.bytes));
  message.set_service(bytes_of(card.did.bytes));
  message.set_name(options.name);
  client::fill_new_key(card, *message.add_keys());
  return actor.session().submit(contracts::identity::contract_number,
                                contracts::identity::register_service_type, message);
}

Result<int> run_attest(const Session& session, const RegisterOptions& options,
                       const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::open(session));
  XL_TRY_ASSIGN(const client::Card card, checked_card(options.card, actor.session()));
  Result<client::Sent> sent =
      make_error(ErrorCode::input_invalid,
                 "patients are claimed and guardians appointed: xinglin identity --help");
  if (card.kind == PartyKind::practitioner) {
    XL_TRY_ASSIGN(const auto roles, roles_of_words(session.roles));
    if (roles.empty()) return make_error(ErrorCode::usage_invalid, "--role names what they do");
    sent = attest_practitioner(options, card, roles, actor);
  } else if (card.kind == PartyKind::service) {
    sent = register_service(options, card, actor);
  }
  XL_TRY(client::applied(sent));
  show_registered(card, *sent, console);
  console.done("Registered: they can sign in with their own key now",
               "已登记:对方现在可用自己的密钥登录");
  console.say("  next: xinglin record get TYPE/ID --as THEIR_FILE",
              "  下一步:xinglin record get TYPE/ID --as 对方的身份文件");
  return succeeded;
}

Result<int> run_claim(const Session& session, const RegisterOptions& options,
                      const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::open(session));
  XL_TRY_ASSIGN(const client::Card card, checked_card(options.card, actor.session()));
  if (card.kind != PartyKind::patient) {
    return make_error(ErrorCode::input_invalid, "the card is no patient's");
  }
  wire::ClaimPatient message;
  message.set_patient(bytes_of(card.did.bytes));
  client::fill_new_key(card, *message.add_keys());
  message.set_evidence(bytes_of(client::committed(options.evidence)));
  const auto sent = actor.session().submit(contracts::identity::contract_number,
                                           contracts::identity::claim_patient_type, message);
  XL_TRY(client::applied(sent));
  show_registered(card, *sent, console);
  console.done("The record is the patient's now: only their key speaks for it",
               "病历已归患者本人:此后只有其密钥可以代表");
  console.say("  next: xinglin consent list --as PATIENT_FILE",
              "  下一步:xinglin consent list --as 患者身份文件");
  return succeeded;
}

std::uint32_t powers_of(const std::vector<std::string>& words) {
  std::uint32_t out = 0;
  for (const std::string& word : words) {
    out |= word == "consent" ? contracts::identity::power_consent
                             : contracts::identity::power_recovery;
  }
  return out;
}

/// `--until`, or the day on which the ward comes of age. The ledger is read by everybody, so there
/// the office ends up to a month before the birthday, by chance: what it says is no birth date.
Result<std::uint64_t> end_of_guardianship(const RegisterOptions& options) {
  if (options.born.empty() == options.until.empty()) {
    return make_error(ErrorCode::usage_invalid, "give --until, or --born of a child");
  }
  if (options.born.empty()) return end_of_day_ms(options.until, "--until");
  XL_TRY(start_of_day_ms(options.born, "--born"));
  const std::string year = std::to_string(std::stoul(options.born.substr(0, 4)) + options.of_age);
  const bool leap_day = options.born.ends_with("-02-29");
  const std::string birthday = year + (leap_day ? "-02-28" : options.born.substr(4));
  XL_TRY_ASSIGN(const std::int64_t start, start_of_day_ms(birthday, "--born"));
  std::uint8_t early_days = 0;
  crypto::random_bytes({&early_days, 1});
  constexpr std::uint64_t early_step_ms = 24ULL * 60 * 60 * 1000;
  const std::uint64_t early_ms = (early_days % early_days_max) * early_step_ms;
  const auto end_ms = static_cast<std::uint64_t>(std::max<std::int64_t>(start, 0));
  return end_ms - std::min(end_ms, early_ms);
}

Result<int> run_appoint(const Session& session, const RegisterOptions& options,
                        const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::open(session));
  XL_TRY_ASSIGN(const client::Card card, checked_card(options.card, actor.session()));
  if (card.kind != PartyKind::guardian) {
    return make_error(ErrorCode::input_invalid, "the card is no guardian's");
  }
  wire::AppointGuardian message;
  model::Id ward = actor.identity().did;
  if (!options.ward.empty()) {
    XL_TRY_ASSIGN(ward, id_of(options.ward, "--ward"));
  }
  message.set_ward(bytes_of(ward.bytes));
  message.set_guardian(bytes_of(card.did.bytes));
  message.set_powers(powers_of(options.powers));
  XL_TRY_ASSIGN(const std::uint64_t until, end_of_guardianship(options));
  message.set_until_ms(until);
  message.set_evidence(bytes_of(client::committed(options.evidence)));
  client::fill_new_key(card, *message.add_keys());
  const auto sent = actor.session().submit(contracts::identity::contract_number,
                                           contracts::identity::appoint_guardian_type, message);
  XL_TRY(client::applied(sent));
  show_registered(card, *sent, console);
  const std::string last = time_text(until);
  console.done("Appointed until " + last, "已指定监护人,有效至 " + last);
  console.say("  next: xinglin consent list --patient WARD --as THEIR_FILE",
              "  下一步:xinglin consent list --patient 被监护人 --as 监护人身份文件");
  return succeeded;
}

void add_appoint(CLI::App* group, Session& session,
                 const std::shared_ptr<RegisterOptions>& options) {
  auto* appoint = group->add_subcommand("appoint", "let a guardian act for a patient");
  appoint->add_option("CARD", options->card, "the guardian's card")->required();
  appoint->add_option("--ward", options->ward, "custodians: for whom, a DID; default: yourself");
  appoint->add_option("--powers", options->powers, "consent, recovery; default: consent")
      ->delimiter(',')
      ->check(one_of({"consent", "recovery"}));
  appoint->add_option("--until", options->until, "last day, YYYY-MM-DD");
  appoint->add_option("--born", options->born,
                      "of a child, instead of --until: ends as they come of age; never sent");
  appoint->add_option("--of-age", options->of_age, "in years, with --born; default: 18")
      ->check(CLI::Range(1, 21));
  appoint->add_option("--evidence", options->evidence,
                      "the document; only a salted commitment is kept");
  appoint->footer(
      "Examples:\n  xinglin identity appoint son.card --until 2030-12-31 --as ada.json\n"
      "  xinglin identity appoint mother.card --ward did:xinglin:… --born 2016-05-03 --of-age 14 "
      "\\\n    --as hospital.json");
  choose_change(appoint, session, options, run_appoint);
}

void add_create(CLI::App* group, Session& session) {
  auto options = std::make_shared<CreateOptions>();
  auto* create = group->add_subcommand("create", "make a key here, and a card to register it");
  create->add_option("NAME", options->name, "how you call them; it stays in this file")->required();
  create->add_option("--kind", options->kind, "patient, practitioner, service or guardian")
      ->required()
      ->check(one_of({"patient", "practitioner", "service", "guardian"}));
  create->add_option("--did", options->did, "of a patient: the pseudonym at the custodian");
  create->add_option("--out", options->out, "the identity file to write")->required();
  create->add_option("--card", options->card, "write the card to this file");
  create->add_option("--genesis", options->genesis, "the network's genesis; default: the node's");
  create->footer(
      "Examples:\n"
      "  xinglin identity create 'Dr Ward' --kind practitioner --role physician \\\n"
      "    --organisation did:xinglin:… --out ward.json --card ward.card --passphrase-file phrase\n"
      "  xinglin identity create Ada --kind patient --did did:xinglin:… \\\n"
      "    --organisation did:xinglin:… --out ada.json --card ada.card");
  choose(create, session, options, run_create);
}

}  // namespace

CLI::App* add_identity_commands(CLI::App& app, Session& session) {
  auto* group =
      app.add_subcommand("identity", "keys of people and software")->require_subcommand(1);
  group->footer(
      "Examples:\n  xinglin identity create Ada --kind patient --did did:xinglin:… --out ada.json\n"
      "  xinglin identity show --as ada.json");
  add_create(group, session);
  auto options = std::make_shared<RegisterOptions>();
  auto* attest = group->add_subcommand("attest", "register a practitioner or software by its card");
  attest->add_option("CARD", options->card, "the card file")->required();
  attest->add_option("--licence", options->licence, "none, medical, nursing, pharmacy, …")
      ->check(one_of(licence_word_list()));
  attest->add_option("--until", options->until, "last day, YYYY-MM-DD; default: one year");
  attest->add_option("--name", options->name, "of software: its public name");
  attest->add_option("--evidence", options->evidence,
                     "what the licence check rests on; only a salted commitment is kept");
  attest->footer(
      "Examples:\n"
      "  xinglin identity attest ward.card --role physician --licence medical --as hospital.json\n"
      "  xinglin identity attest lab.card --name 'Lab gateway' --as hospital.json");
  choose_change(attest, session, options, run_attest);
  auto* claim = group->add_subcommand("claim", "hand a patient's pseudonym over to their key");
  claim->add_option("CARD", options->card, "the card file")->required();
  claim->add_option("--evidence", options->evidence,
                    "how the person was identified; only a salted commitment is kept");
  claim->footer(
      "Examples:\n  xinglin identity claim ada.card --as hospital.json\n"
      "  xinglin identity claim ada.card --evidence 'passport shown' --as hospital.json");
  choose_change(claim, session, options, run_claim);
  add_appoint(group, session, options);
  add_identity_key_commands(group, session);
  add_identity_recover_commands(group, session);
  add_identity_resolve_command(group, session);
  add_identity_guardians_command(group, session);
  add_identity_locator_command(group, session);
  add_identity_handle_commands(group, session);
  return group;
}

}  // namespace xl::cli
