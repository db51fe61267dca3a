// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/consent_show.h"

#include "base/checked.h"
#include "base/json/writer.h"
#include "cli/table.h"
#include "cli/words.h"
#include "consents/rules.h"
#include "consents/sentence.h"

namespace xl::cli {
namespace {

struct ConsentShowOptions {
  std::string id;
  std::string patient;
  bool fhir = false;
};

std::uint64_t number_in(json::Value object, std::string_view name) {
  std::uint64_t out = 0;
  return parse_decimal(object.find(name).as_string().value_or(""), out) ? out : 0;
}

/// The consents that the custodian keeps of a patient.
Result<json::Document> fetch_consents(Actor& actor, const std::string& patient) {
  std::string query;
  if (!patient.empty()) {
    XL_TRY_ASSIGN(const model::Id id, id_of(patient, "--patient"));
    query = "?patient=" + model::did_text(id);
  }
  return client::json_of(actor.ask("GET", "/consents" + query));
}

Result<json::Value> find_consent(const json::Document& all, const std::string& text) {
  XL_TRY_ASSIGN(const model::Id id, id_of(text, "ID"));
  for (const json::Value one : all.root().find("consents").items()) {
    if (one.find("consent").as_string() == id.text()) return one;
  }
  return make_error(ErrorCode::consent_not_found, id.text());
}

/// By the patient's own key, or on paper at the desk.
std::string how_agreed(json::Value one, const Console& console) {
  const bool assisted = one.find("assisted").as_bool().value_or(false);
  return std::string(assisted ? console.pick("assisted, at the desk", "窗口协助办理")
                              : console.pick("own key", "本人密钥"));
}

Result<contracts::consent::SealedPolicy> sealed_in(json::Value one) {
  Bytes sealed;
  if (!from_base64(one.find("sealed").as_string().value_or("*"), sealed)) {
    return make_error(ErrorCode::answer_unexpected, "sealed");
  }
  return contracts::consent::decode_sealed(sealed);
}

/// A consent as the node tells of it, its content and the sentence for people as it was sealed.
Status write_consent(json::Writer& out, json::Value one) {
  XL_TRY_ASSIGN(const auto sealed, sealed_in(one));
  for (const json::Member member : one.members()) {
    if (member.key == "rules" || member.key == "en" || member.key == "zh") continue;
    out.key(member.key).value(member.value);
  }
  out.key("rules");
  consents::write_policies(out, sealed);
  out.key("en").string(consents::sentence_of(sealed, false));
  out.key("zh").string(consents::sentence_of(sealed, true));
  return {};
}

Status answer_consents(json::Value all, const Console& console) {
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/consents/v1").key("consents").begin_array();
  for (const json::Value one : all.find("consents").items()) {
    out.begin_object();
    XL_TRY(write_consent(out, one));
    out.end_object();
  }
  console.answer(out.end_array().end_object().take());
  return {};
}

Result<int> run_list_consents(const Session& session, const ConsentShowOptions& options,
                              const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const json::Document all, fetch_consents(actor, options.patient));
  if (console.json()) {
    XL_TRY(answer_consents(all.root(), console));
    return succeeded;
  }
  Table table({"ID", std::string(console.pick("ACTIVE", "有效")),
               std::string(console.pick("UNTIL", "截止")),
               std::string(console.pick("AGREED", "授权方式")),
               std::string(console.pick("WHAT IT SAYS", "内容"))});
  for (const json::Value one : all.root().find("consents").items()) {
    XL_TRY_ASSIGN(const auto sealed, sealed_in(one));
    const bool active = one.find("active").as_bool().value_or(false);
    table.add({std::string(one.find("consent").as_string().value_or("")),
               console.words(active ? "yes" : "no"), time_text(number_in(one, "end_ms")),
               how_agreed(one, console),
               consents::sentence_of(sealed, console.options().language == Language::chinese)});
  }
  table.print(console);
  return succeeded;
}

/// As other systems read it.
Result<int> show_as_fhir(Actor& actor, const ConsentShowOptions& options, const Console& console) {
  XL_TRY_ASSIGN(const model::Id id, id_of(options.id, "ID"));
  XL_TRY_ASSIGN(const json::Document answer,
                client::json_of(actor.fhir("GET", "Consent/" + id.text())));
  if (!console.json()) {
    console.result(json::write(answer.root(), json::Style::pretty));
    return succeeded;
  }
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/fhir-resource/v1").key("resource");
  console.answer(out.value(answer.root()).end_object().take());
  return succeeded;
}

Result<int> run_show_consent(const Session& session, const ConsentShowOptions& options,
                             const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  if (options.fhir) return show_as_fhir(actor, options, console);
  XL_TRY_ASSIGN(const json::Document all, fetch_consents(actor, options.patient));
  XL_TRY_ASSIGN(const json::Value one, find_consent(all, options.id));
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/consent/v1");
    XL_TRY(write_consent(out, one));
    console.answer(out.end_object().take());
    return succeeded;
  }
  XL_TRY_ASSIGN(const auto sealed, sealed_in(one));
  Table table({"", ""});
  const auto row = [&](std::string_view name, std::string value) {
    table.add({console.words(name), std::move(value)});
  };
  row("consent", std::string(one.find("consent").as_string().value_or("")));
  row("active", console.words(one.find("active").as_bool().value_or(false) ? "yes" : "no"));
  row("what it says",
      consents::sentence_of(sealed, console.options().language == Language::chinese));
  row("from", time_text(number_in(one, "start_ms")));
  row("until", time_text(number_in(one, "end_ms")));
  row("agreed", how_agreed(one, console));
  table.print(console);
  return succeeded;
}

}  // namespace

Result<AgreedConsent> agreed_consent(Actor& actor, const std::string& id,
                                     const std::string& patient) {
  XL_TRY_ASSIGN(const json::Document all, fetch_consents(actor, patient));
  XL_TRY_ASSIGN(const json::Value one, find_consent(all, id));
  AgreedConsent out;
  XL_TRY_ASSIGN(out.sealed, sealed_in(one));
  XL_TRY_ASSIGN(const model::Id wanted, id_of(id, "ID"));
  if (!equal(view_of(out.sealed.consent()), wanted.view())) {
    return make_error(ErrorCode::content_differs, "the sealed policy is of another consent");
  }
  out.start_ms = number_in(one, "start_ms");
  out.end_ms = number_in(one, "end_ms");
  return out;
}

void add_consent_show_commands(CLI::App* group, Session& session) {
  auto options = std::make_shared<ConsentShowOptions>();
  auto* list = group->add_subcommand("list", "your consents");
  list->add_option("--patient", options->patient, "guardians: whose");
  list->footer(
      "Examples:\n  xinglin consent list --as ada.json\n"
      "  xinglin consent list --as ada.json --json");
  choose(list, session, options, run_list_consents);
  auto* show = group->add_subcommand("show", "one consent, with all that was agreed");
  show->add_option("ID", options->id, "the consent")->required();
  show->add_option("--patient", options->patient, "guardians: whose");
  show->add_flag("--fhir", options->fhir, "as a FHIR Consent");
  show->footer(
      "Examples:\n  xinglin consent show abc… --as ada.json\n"
      "  xinglin consent show abc… --fhir --as ada.json");
  choose(show, session, options, run_show_consent);
}

}  // namespace xl::cli
