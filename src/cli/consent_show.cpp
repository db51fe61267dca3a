// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/consent_show.h"

#include "base/checked.h"
#include "base/json/writer.h"
#include "cli/table.h"
#include "cli/words.h"
#include "client/policy.h"

namespace xl::cli {
namespace {

struct ConsentShowOptions {
  std::string id;
  std::string patient;
};

std::uint64_t number_in(json::Value object, std::string_view name) {
  std::uint64_t out = 0;
  return parse_decimal(object.find(name).as_string().value_or(""), out) ? out : 0;
}

std::string short_did(json::Value did) {
  std::string_view text = did.as_string().value_or("");
  if (text.starts_with(model::did_prefix)) text.remove_prefix(model::did_prefix.size());
  return std::string(text);
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

std::string joined(json::Value list, std::string_view member) {
  std::string out;
  for (const json::Value one : list.items()) {
    const auto text = member.empty() ? one.as_string() : one.find(member).as_string();
    out += (out.empty() ? "" : ", ") + std::string(text.value_or(""));
  }
  return out;
}

std::string grantees_text(json::Value rule) {
  std::string out;
  for (const json::Value one : rule.find("grantees").items()) {
    std::string who = short_did(one.find("person"));
    const std::string organisation = short_did(one.find("organisation"));
    if (!organisation.empty()) who += (who.empty() ? "" : " @ ") + organisation;
    out += (out.empty() ? "" : ", ") + who;
  }
  return out;
}

std::string classes_text(json::Value rule, const Console& console) {
  const std::string out = joined(rule.find("classes"), "code");
  return out.empty() ? std::string(console.pick("everything", "全部")) : out;
}

/// By the patient's own key, or on paper at the desk.
std::string how_agreed(json::Value one, const Console& console) {
  const bool assisted = one.find("assisted").as_bool().value_or(false);
  return std::string(assisted ? console.pick("assisted, at the desk", "窗口协助办理")
                              : console.pick("own key", "本人密钥"));
}

Result<int> run_list_consents(const Session& session, const ConsentShowOptions& options,
                              const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const json::Document all, fetch_consents(actor, options.patient));
  if (console.json()) {
    console.result(json::write(all.root()));
    return succeeded;
  }
  Table table({"ID", std::string(console.pick("ACTIVE", "有效")),
               std::string(console.pick("WHO", "被授权者")),
               std::string(console.pick("WHAT", "内容")), std::string(console.pick("WHY", "目的")),
               std::string(console.pick("UNTIL", "截止")),
               std::string(console.pick("AGREED", "授权方式"))});
  for (const json::Value one : all.root().find("consents").items()) {
    const json::Value rule = one.find("rule");
    const bool active = one.find("active").as_bool().value_or(false);
    table.add({std::string(one.find("consent").as_string().value_or("")),
               std::string(active ? console.pick("yes", "是") : console.pick("no", "否")),
               grantees_text(rule), classes_text(rule, console), joined(rule.find("purposes"), ""),
               time_text(number_in(one, "end_ms")), how_agreed(one, console)});
  }
  table.print(console);
  return succeeded;
}

Result<int> run_show_consent(const Session& session, const ConsentShowOptions& options,
                             const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const json::Document all, fetch_consents(actor, options.patient));
  XL_TRY_ASSIGN(const json::Value one, find_consent(all, options.id));
  if (console.json()) {
    std::string body = json::write(one);
    body.insert(1, "\"schema\":\"xinglin/consent/v1\",");
    console.result(body);
    return succeeded;
  }
  const json::Value rule = one.find("rule");
  Table table({"", ""});
  table.add({"consent", std::string(one.find("consent").as_string().value_or(""))});
  table.add({"active", one.find("active").as_bool().value_or(false) ? "yes" : "no"});
  table.add({"effect", std::string(one.find("effect").as_string().value_or(""))});
  table.add({"who", grantees_text(rule)});
  table.add({"what", classes_text(rule, console)});
  table.add({"why", joined(rule.find("purposes"), "")});
  const auto level = rule.find("confidentiality_max").as_uint64().value_or(0);
  table.add(
      {"up to", std::string(client::confidentiality_word(static_cast<std::uint32_t>(level)))});
  table.add({"from", time_text(number_in(one, "start_ms"))});
  table.add({"until", time_text(number_in(one, "end_ms"))});
  table.add({"agreed", how_agreed(one, console)});
  table.print(console);
  return succeeded;
}

}  // namespace

Result<AgreedConsent> agreed_consent(Actor& actor, const std::string& id,
                                     const std::string& patient) {
  XL_TRY_ASSIGN(const json::Document all, fetch_consents(actor, patient));
  XL_TRY_ASSIGN(const json::Value one, find_consent(all, id));
  Bytes sealed;
  if (!from_base64(one.find("sealed").as_string().value_or("*"), sealed)) {
    return make_error(ErrorCode::answer_unexpected, "sealed");
  }
  AgreedConsent out;
  XL_TRY_ASSIGN(out.sealed, contracts::consent::decode_sealed(sealed));
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
  show->footer(
      "Examples:\n  xinglin consent show abc… --as ada.json\n"
      "  xinglin consent show abc… --as ada.json --json");
  choose(show, session, options, run_show_consent);
}

}  // namespace xl::cli
