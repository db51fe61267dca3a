// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/consent_request.h"

#include <algorithm>

#include "base/checked.h"
#include "base/file.h"
#include "base/json/writer.h"
#include "cli/actor.h"
#include "cli/checkpoint.h"
#include "cli/table.h"
#include "cli/words.h"
#include "client/consent_form.h"
#include "client/policy.h"
#include "consents/codes.h"
#include "consents/sentence.h"
#include "consents/times.h"
#include "consents/writer.h"
#include "contracts/api/shape.h"
#include "contracts/consent/records.h"
#include "model/limits.h"

namespace xl::cli {
namespace {

using client::bytes_of;
using contracts::PartyKind;
namespace forms = contracts::consent;

constexpr std::uint64_t request_day_ms = 24ULL * 60 * 60 * 1000;

struct RequestOptions {
  std::string file;
  std::string handle;
  std::string request;
  std::string patient;
  std::string custodian;
  std::string person;
  std::vector<std::string> types;
  std::string until;
  std::uint32_t days = 0;
  std::uint32_t wait_days = 14;
  std::string why;
  std::string text;
  bool grants = false;
  bool denies = false;
  bool until_revoked = false;
  std::string confidentiality;
  std::vector<std::string> except_types;
  std::vector<std::string> except_sensitivities;
  std::string genesis;
  std::vector<std::string> checkpoints;
};

std::string member_of(json::Value value, std::string_view name) {
  return std::string(value.find(name).as_string().value_or(""));
}

std::string moment_in(json::Value value, std::string_view name) {
  std::uint64_t ms = 0;
  (void)parse_decimal(member_of(value, name), ms);
  return time_text(ms);
}

/// Guardians name whose it is; who asked at another custodian names that.
Result<std::string> with_ward(const std::string& path, const RequestOptions& options) {
  if (!options.custodian.empty()) {
    XL_TRY_ASSIGN(const model::Id custodian, id_of(options.custodian, "--custodian"));
    return path + "?custodian=" + model::did_text(custodian);
  }
  if (options.patient.empty()) return path;
  XL_TRY_ASSIGN(const model::Id ward, id_of(options.patient, "--patient"));
  return path + "?patient=" + model::did_text(ward);
}

Result<model::Id> whose(Actor& actor, const RequestOptions& options) {
  if (options.patient.empty()) return actor.identity().did;
  return id_of(options.patient, "--patient");
}

/// When it is to end: 0 says nothing.
Result<std::uint64_t> wanted_end(const RequestOptions& options, std::uint64_t now_ms) {
  if (!options.until.empty() && options.days != 0) {
    return make_error(ErrorCode::usage_invalid, "--until or --days");
  }
  if (options.days != 0) return now_ms + options.days * request_day_ms;
  if (options.until.empty()) return std::uint64_t{0};
  return end_of_day_ms(options.until, "--until");
}

void say_form(const client::PreparedForm& form, const Console& console) {
  console.say(
      "  " + consents::sentence_of(form.sealed, false) + " " +
          consents::end_sentence(form.end_ms, false),
      "  " + consents::sentence_of(form.sealed, true) + consents::end_sentence(form.end_ms, true));
}

/// Shows what is to be signed, then signs it.
Result<int> sign_form(Actor& actor, const std::string& body, const Console& console) {
  XL_TRY_ASSIGN(const client::PreparedForm form,
                client::prepare_form(actor.session(), actor.organisation(), body));
  say_form(form, console);
  const auto sent = client::agree_to(actor.session(), form);
  XL_TRY(client::applied(sent));
  const std::string id = contracts::id_of(form.sealed.consent()).text();
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/consent-agreed/v1");
    out.key("consent").string(id).key("transaction_id").string(sent->transaction_id);
    out.key("end_ms").unsigned_integer(form.end_ms);
    out.key("en").string(consents::sentence_of(form.sealed, false));
    out.key("zh").string(consents::sentence_of(form.sealed, true)).end_object();
    console.answer(out.take());
  } else {
    console.result(id + "\t" + sent->transaction_id);
  }
  console.done("Signed and on the ledger, its content sealed", "已签名并上链,内容密封");
  console.say("  next: xinglin consent revoke " + id, "  撤销:xinglin consent revoke " + id);
  return succeeded;
}

/// The Consent, in Parameters where no end is meant.
std::string form_text(json::Value consent, bool until_revoked) {
  if (!until_revoked) return json::write(consent);
  return R"({"resourceType":"Parameters","parameter":[{"name":"consent","resource":)" +
         json::write(consent) + R"(},{"name":"until-revoked","valueBoolean":true}]})";
}

Result<json::Document> read_form(const std::string& file) {
  XL_TRY_ASSIGN(const Bytes content, read_file(file, limits::record_bytes_max));
  json::Limits bounds;
  bounds.bytes_max = limits::record_bytes_max;
  return json::in_file(json::parse(text_of(content), bounds), text_of(content), file);
}

Result<int> run_agree(const Session& session, const RequestOptions& options,
                      const Console& console) {
  XL_TRY_ASSIGN(const json::Document form, read_form(options.file));
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  const bool plain = form.root().find("resourceType").as_string() == "Consent";
  return sign_form(actor, form_text(form.root(), plain && options.until_revoked), console);
}

/// What is asked for, as a Consent that names its patient by the handle.
Result<std::string> wish_text(Actor& actor, const Session& session, const RequestOptions& options) {
  client::PolicyWish wish;
  wish.organisation = actor.identity().organisation;
  if (!options.person.empty()) {
    XL_TRY_ASSIGN(wish.person, id_of(options.person, "--person"));
  }
  wish.types = options.types;
  wish.purpose = session.purpose.empty() ? std::optional(forms::PurposeOfUse::treatment)
                                         : forms::purpose_of_code(session.purpose);
  forms::SealedPolicy asked;
  XL_TRY_ASSIGN(*asked.mutable_policy(), client::policy_of(wish));
  model::Id custodian = actor.organisation();
  if (!options.custodian.empty()) {
    XL_TRY_ASSIGN(custodian, id_of(options.custodian, "--custodian"));
  }
  asked.set_custodian(bytes_of(custodian.bytes));
  asked.mutable_form()->set_scope(static_cast<std::uint32_t>(forms::ConsentScope::privacy));
  auto* category = asked.mutable_form()->add_categories();
  category->set_system("http://loinc.org");
  category->set_value("59284-0");  // patient consent
  consents::Standing standing;
  standing.status = "proposed";
  XL_TRY_ASSIGN(standing.end_ms, wanted_end(options, actor.now_ms()));
  XL_TRY_ASSIGN(json::Document out, json::parse(consents::write_consent(asked, standing), {}));
  json::Writer more;
  const std::uint64_t until = actor.now_ms() + options.wait_days * request_day_ms;
  more.begin_object().key("patient").begin_object().key("identifier").begin_object();
  more.key("system").string("urn:xinglin:handle").key("value").string(options.handle);
  more.end_object().end_object().key("extension").begin_array();
  more.begin_object().key("url").string("urn:xinglin:consent-request-why");
  more.key("valueString").string(options.why).end_object();
  more.begin_object().key("url").string("urn:xinglin:consent-request-until");
  more.key("valueDateTime").string(consents::instant_text(static_cast<std::int64_t>(until)));
  more.end_object().end_array().end_object();
  XL_TRY_ASSIGN(const json::Document parts, json::parse(more.take(), {}));
  json::Node root = out.edit();
  for (const char* own : {"id", "meta", "text", "performer", "dateTime"}) root.remove(own);
  for (const char* name : {"patient", "extension"}) {
    root.set(name, out.make_copy(parts.root().find(name)));
  }
  return json::write(out.root());
}

Result<int> run_request(const Session& session, const RequestOptions& options,
                        const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const std::string body, wish_text(actor, session, options));
  XL_TRY_ASSIGN(const json::Document answer,
                client::json_of(actor.fhir("POST", "Consent", body), 201));
  const std::string id = member_of(answer.root(), "id");
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/consent-requested/v1");
    console.answer(out.key("request").string(id).end_object().take());
  } else {
    console.result(id);
  }
  console.done("Sent; the patient decides", "已发送,由患者决定");
  const std::string at = options.custodian.empty() ? "" : " --custodian " + options.custodian;
  console.say("  next: xinglin consent requests " + id + at,
              "  查看状态:xinglin consent requests " + id + at);
  return succeeded;
}

std::string request_state(json::Value one, const Console& console) {
  const std::string word = member_of(one, "state");
  if (word == "sent") return std::string(console.pick("sent", "待答复"));
  if (word == "granted") return std::string(console.pick("granted", "已同意"));
  if (word == "narrowed") return std::string(console.pick("narrowed", "已缩小范围同意"));
  if (word == "denied") return std::string(console.pick("denied", "已拒绝"));
  if (word == "expired") return std::string(console.pick("expired", "已到期"));
  return std::string(console.pick("revoked", "已撤回"));
}

bool to_patient(json::Value one) { return one.find("sealed").present(); }

void add_request_row(Table& table, json::Value one, const Console& console) {
  const bool chinese = console.options().language == Language::chinese;
  table.add({member_of(one, "request"), request_state(one, console), moment_in(one, "until_ms"),
             to_patient(one) ? member_of(one, "organisation_name") : member_of(one, "patient"),
             to_patient(one) ? member_of(one, chinese ? "zh" : "en") : "",
             to_patient(one) ? member_of(one, "why") : member_of(one, "text")});
}

Table request_table(const Console& console) {
  return Table(
      {std::string(console.pick("REQUEST", "请求")), std::string(console.pick("STATE", "状态")),
       std::string(console.pick("UNTIL", "截止")), std::string(console.pick("WHO", "对方")),
       std::string(console.pick("WHAT", "内容")), std::string(console.pick("WHY", "说明"))});
}

Result<json::Document> fetch_request(Actor& actor, const RequestOptions& options) {
  XL_TRY_ASSIGN(const model::Id id, id_of(options.request, "REQUEST"));
  XL_TRY_ASSIGN(const std::string path, with_ward("/requests/" + id.text(), options));
  return client::json_of(actor.ask("GET", path));
}

Result<int> show_one_request(Actor& actor, const Session& session, const RequestOptions& options,
                             const Console& console) {
  XL_TRY_ASSIGN(const json::Document one, fetch_request(actor, options));
  const bool proven = to_patient(one.root()) && member_of(one.root(), "state") == "denied";
  if (proven) {
    XL_TRY_ASSIGN(const model::Genesis genesis, genesis_of(options.genesis, session));
    XL_TRY_ASSIGN(const model::Trust trust, trust_of(genesis, options.checkpoints));
    XL_TRY(client::check_declined_request(one.root(), trust));
  }
  if (console.json()) {
    console.answer(json::write(one.root()));
    return succeeded;
  }
  Table table = request_table(console);
  add_request_row(table, one.root(), console);
  table.print(console);
  if (proven) {
    console.done("The ledger holds your refusal, of exactly this request",
                 "账本上有您对这一请求的拒绝");
  }
  return succeeded;
}

Result<int> run_requests(const Session& session, const RequestOptions& options,
                         const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  if (!options.request.empty()) return show_one_request(actor, session, options, console);
  XL_TRY_ASSIGN(const std::string path, with_ward("/requests", options));
  XL_TRY_ASSIGN(const json::Document all, client::json_of(actor.ask("GET", path)));
  if (console.json()) {
    console.answer(json::write(all.root()));
    return succeeded;
  }
  Table table = request_table(console);
  for (const json::Value one : all.root().find("requests").items()) {
    add_request_row(table, one, console);
  }
  table.print(console);
  return succeeded;
}

/// Leaves other types than `types` out of the one provision of a form.
Status narrow_types(json::Document& form, const std::vector<std::string>& types) {
  json::Node provision = form.edit().find("provision");
  if (provision.find("provision").present()) {
    return make_error(ErrorCode::usage_invalid,
                      "it asks for several things: narrow it by a FILE with 'consent agree'");
  }
  std::vector<std::string> asked;
  for (const json::Value one : provision.find("class").items()) {
    asked.push_back(member_of(one, "code"));
  }
  std::string classes;
  for (const std::string& type : types) {
    if (!asked.empty() && std::ranges::find(asked, type) == asked.end()) {
      return make_error(ErrorCode::usage_invalid, "--types: " + type + " was not asked for");
    }
    classes += std::string(classes.empty() ? "[" : ",") +
               R"({"system":"http://hl7.org/fhir/resource-types","code":")" + type + "\"}";
  }
  XL_TRY_ASSIGN(const json::Document list, json::parse(classes + "]", {}));
  provision.set("class", form.make_copy(list.root()));
  return {};
}

std::string coding_of(const std::string& code, std::string_view system) {
  json::Writer out;
  out.begin_object().key("system").string(system).key("code").string(code);
  return out.end_object().take();
}

/// The codings of a list of codes of one system.
std::string codings_of(const std::vector<std::string>& codes, std::string_view system) {
  std::string out;
  for (const std::string& code : codes) {
    out += (out.empty() ? "[" : ",") + coding_of(code, system);
  }
  return out + "]";
}

/// Takes types and sensitivities out of what is granted, and all above a confidentiality.
Status mask_sensitive(json::Document& form, const RequestOptions& options) {
  json::Node provision = form.edit().find("provision");
  if (!options.confidentiality.empty()) {
    const bool known =
        options.confidentiality.size() == 1 &&
        std::string_view("ULMNRV").find(options.confidentiality[0]) != std::string_view::npos;
    if (!known) {
      return make_error(ErrorCode::usage_invalid, "--confidentiality: U, L, M, N, R or V");
    }
    std::string labels = "[" + coding_of(options.confidentiality, consents::confidentiality_system);
    for (const json::Value one : provision.find("securityLabel").items()) {
      if (member_of(one, "system") == consents::confidentiality_system) continue;
      labels += "," + json::write(one);
    }
    XL_TRY_ASSIGN(const json::Document list, json::parse(labels + "]", {}));
    provision.set("securityLabel", form.make_copy(list.root()));
  }
  std::string inner;
  const auto add = [&](const std::string& part) {
    inner += (inner.empty() ? "" : ",") +
             (R"({"modifierExtension":[{"url":)"
              R"("urn:xinglin:consent-only-exception","valueBoolean":true}],"type":"deny",)" +
              part + "}");
  };
  if (!options.except_types.empty()) {
    add(R"("class":)" +
        codings_of(options.except_types, contracts::consent::resource_types_system));
  }
  if (!options.except_sensitivities.empty()) {
    add(R"("securityLabel":)" +
        codings_of(options.except_sensitivities, consents::act_code_system));
  }
  if (inner.empty()) return {};
  if (provision.find("provision").present()) {
    return make_error(ErrorCode::usage_invalid,
                      "it makes exceptions already: narrow it by a FILE with 'consent agree'");
  }
  XL_TRY_ASSIGN(const json::Document exceptions, json::parse("[" + inner + "]", {}));
  provision.set("provision", form.make_copy(exceptions.root()));
  return {};
}

Status narrow_end(json::Document& form, std::uint64_t end_ms) {
  json::Node provision = form.edit().find("provision");
  json::Node period = provision.find("period");
  if (!period.present()) {
    provision.set("period", form.make_object());
    period = provision.find("period");
  }
  period.set_string("end", consents::last_moment_text(static_cast<std::int64_t>(end_ms)));
  return {};
}

Result<int> run_deny_request(Actor& actor, const RequestOptions& options, json::Value request,
                             const Console& console) {
  XL_TRY_ASSIGN(const model::Id patient, whose(actor, options));
  const auto sent = client::decline_request(actor.session(), actor.organisation(), patient, request,
                                            options.text);
  XL_TRY(client::applied(sent));
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/consent-declined/v1");
    out.key("request").string(member_of(request, "request"));
    out.key("transaction_id").string(sent->transaction_id).end_object();
    console.answer(out.take());
  } else {
    console.result(sent->transaction_id);
  }
  console.done("Refused; the ledger holds it and tells nobody whom you refused",
               "已拒绝;账本留有记录,但不透露您拒绝了谁");
  return succeeded;
}

Result<int> run_answer_request(const Session& session, const RequestOptions& options,
                               const Console& console) {
  const bool masks = !options.confidentiality.empty() || !options.except_types.empty() ||
                     !options.except_sensitivities.empty();
  const bool narrows =
      masks || !options.types.empty() || !options.until.empty() || options.days != 0;
  if (options.denies == (options.grants || narrows)) {
    return make_error(ErrorCode::usage_invalid,
                      "--grant, --deny, or what is left of it: --types, --until, --days, "
                      "--confidentiality, --except-types, --except-sensitivities");
  }
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const json::Document request, fetch_request(actor, options));
  if (options.denies) return run_deny_request(actor, options, request.root(), console);
  XL_TRY_ASSIGN(json::Document form, client::form_of_request(request.root()));
  if (!options.types.empty()) XL_TRY(narrow_types(form, options.types));
  XL_TRY(mask_sensitive(form, options));
  XL_TRY_ASSIGN(const std::uint64_t end_ms, wanted_end(options, actor.now_ms()));
  if (end_ms != 0) XL_TRY(narrow_end(form, end_ms));
  return sign_form(actor, json::write(form.root()), console);
}

void add_patient_option(CLI::App* command, const std::shared_ptr<RequestOptions>& options) {
  command->add_option("--patient", options->patient, "guardians: whose");
}

void add_custodian_option(CLI::App* command, const std::shared_ptr<RequestOptions>& options) {
  command->add_option("--custodian", options->custodian,
                      "of another member: its DID; default: --organisation");
}

void add_ask_commands(CLI::App* group, Session& session,
                      const std::shared_ptr<RequestOptions>& options) {
  auto* request = group->add_subcommand("request", "ask a patient of another institution");
  request->add_option("--handle", options->handle, "that the patient gave you")->required();
  request->add_option("--why", options->why, "the reason, for the patient to read")->required();
  add_custodian_option(request, options);
  request->add_option("--types", options->types, "FHIR resource types; default: all")
      ->delimiter(',');
  request->add_option("--person", options->person, "only this practitioner: a DID");
  request->add_option("--until", options->until, "last day, YYYY-MM-DD");
  request->add_option("--days", options->days, "for so many days")->check(CLI::Range(1, 36'500));
  request->add_option("--wait-days", options->wait_days, "how long to wait for an answer")
      ->check(CLI::Range(1, 29));
  request->footer(
      "Examples:\n  xinglin consent request --handle abc… --types Observation --days 30 \\\n"
      "    --why 'to plan your operation' --organisation did:xinglin:… --as ward.json\n"
      "  xinglin consent request --handle abc… --why 'a second opinion' --purpose TREAT \\\n"
      "    --custodian did:xinglin:… --as ward.json --json");
  choose_change(request, session, options, run_request);
}

void add_answer_command(CLI::App* group, Session& session,
                        const std::shared_ptr<RequestOptions>& options) {
  auto* answer = group->add_subcommand("answer", "grant, narrow or refuse what you are asked for");
  answer->add_option("REQUEST", options->request, "the request, of 'consent requests'")->required();
  answer->add_flag("--grant", options->grants, "as it was asked");
  answer->add_flag("--deny", options->denies, "refuse it, provably");
  answer->add_option("--types", options->types, "grant these of the types asked for alone")
      ->delimiter(',');
  answer->add_option("--confidentiality", options->confidentiality, "up to this: U L M N R V");
  answer->add_option("--except-types", options->except_types, "without these resource types")
      ->delimiter(',');
  answer
      ->add_option("--except-sensitivities", options->except_sensitivities,
                   "without these, such as HIV,PSY,SUD")
      ->delimiter(',');
  answer->add_option("--until", options->until, "last day, YYYY-MM-DD");
  answer->add_option("--days", options->days, "for so many days")->check(CLI::Range(1, 36'500));
  answer->add_option("--text", options->text, "with --deny: what the asker may read");
  add_patient_option(answer, options);
  answer->footer(
      "Examples:\n  xinglin consent answer abc… --grant --as ada.json\n"
      "  xinglin consent answer abc… --types Observation --days 7 --as ada.json\n"
      "  xinglin consent answer abc… --except-sensitivities HIV,PSY --as ada.json\n"
      "  xinglin consent answer abc… --deny --text 'ask me next year' --as ada.json");
  choose_change(answer, session, options, run_answer_request);
}

}  // namespace

void add_consent_request_commands(CLI::App* group, Session& session) {
  auto options = std::make_shared<RequestOptions>();
  auto* agree = group->add_subcommand("agree", "sign a FHIR Consent");
  agree->add_option("FILE", options->file, "the Consent, or Parameters of $prepare")->required();
  agree->add_flag("--until-revoked", options->until_revoked, "no end, rather than a year");
  agree->footer(
      "Examples:\n  xinglin consent agree consent.json --as ada.json\n"
      "  xinglin consent agree consent.json --dry-run --as ada.json");
  choose_change(agree, session, options, run_agree);
  add_ask_commands(group, session, options);
  auto* requests = group->add_subcommand("requests", "what you are asked for, or asked for");
  requests->add_option("REQUEST", options->request, "one alone, a refusal checked at the ledger");
  add_patient_option(requests, options);
  add_custodian_option(requests, options);
  requests->add_option("--genesis", options->genesis, "the network's genesis; default: the node's");
  add_checkpoint_option(requests, options->checkpoints);
  requests->footer(
      "Examples:\n  xinglin consent requests --as ada.json\n"
      "  xinglin consent requests abc… --custodian did:xinglin:… --as ward.json");
  choose(requests, session, options, run_requests);
  add_answer_command(group, session, options);
}

}  // namespace xl::cli
