// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/consent_preview.h"

#include "base/json/writer.h"
#include "cli/actor.h"
#include "cli/fhir_pages.h"
#include "cli/table.h"

namespace xl::cli {
namespace {

struct PreviewOptions {
  std::string record;
  std::string actor;
  std::string house;
  std::string role;
  std::string action;
  std::string type;
  std::string id;
};

std::string preview_text(json::Value object, std::string_view name) {
  return std::string(object.find(name).as_string().value_or(""));
}

/// `Patient/id` of who asks, unless it was named. Errors: record_unknown where the custodian keeps
/// none.
Result<std::string> own_record(Actor& actor, const PreviewOptions& options) {
  if (!options.id.empty()) return "Patient/" + options.id;
  XL_TRY_ASSIGN(const json::Document found,
                client::json_of(actor.fhir("GET", "Patient?_elements=id&_count=1")));
  const std::string id = preview_text(found.root().find("entry").at(0).find("resource"), "id");
  if (id.empty()) return make_error(ErrorCode::usage_invalid, "--id: the Patient's id");
  return "Patient/" + id;
}

/// The question as a query, a person or organisation by DID or `Type/id`.
Result<std::string> question_of(const Session& session, const PreviewOptions& options) {
  std::vector<std::string> words = {"actor=" + options.actor};
  const auto add = [&](const std::string& name, const std::string& value) {
    if (!value.empty()) words.push_back(name + "=" + value);
  };
  add("organization", options.house);
  add("role", options.role);
  add("purpose", session.purpose);
  add("action", options.action);
  add("record", options.record);
  add("_type", options.type);
  return query_of(words);
}

Result<int> run_see_as(const Session& session, const PreviewOptions& options,
                       const Console& console) {
  XL_TRY_ASSIGN(const std::string question, question_of(session, options));
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const std::string own, own_record(actor, options));
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/consent-see-as/v1").key("records").begin_array();
  Table table(
      {std::string(console.pick("RECORD", "记录")), std::string(console.pick("WHAT", "内容"))});
  std::uint64_t count = 0;
  XL_TRY(for_each_entry(actor, own + "/$see-as" + question, [&](json::Value entry) -> Status {
    const json::Value resource = entry.find("resource");
    const std::string name =
        preview_text(resource, "resourceType") + "/" + preview_text(resource, "id");
    out.begin_object().key("record").string(name);
    out.key("what").string(summary_of(resource)).end_object();
    table.add({name, summary_of(resource)});
    ++count;
    return {};
  }));
  out.end_array().key("total").unsigned_integer(count).end_object();
  if (console.json()) {
    console.answer(out.take());
    return succeeded;
  }
  table.print(console);
  const std::string number = std::to_string(count);
  console.done("They would see these " + number + " now, and nothing else",
               "对方目前可见以上 " + number + " 条,再无其他");
  return succeeded;
}

/// What `$explain` says, for programs.
void write_explained(json::Value answer, json::Writer& out) {
  out.begin_object().key("schema").string("xinglin/consent-explained/v1");
  for (const json::Value one : answer.find("parameter").items()) {
    const std::string name = preview_text(one, "name");
    if (name != "permitted" && name != "review") continue;
    out.key(name).boolean(one.find("valueBoolean").as_bool().value_or(false));
  }
  out.key("reasons").begin_array();
  for (const json::Value one : answer.find("parameter").items()) {
    if (preview_text(one, "name") != "reason") continue;
    out.begin_object();
    for (const json::Value part : one.find("part").items()) {
      out.key(preview_text(part, "name")).string(preview_text(part, "valueString"));
    }
    out.end_object();
  }
  out.end_array();
  for (const auto& [member, parameter] :
       {std::pair("consents", "consent"), std::pair("refused_by", "refused-by")}) {
    out.key(member).begin_array();
    for (const json::Value one : answer.find("parameter").items()) {
      if (preview_text(one, "name") != parameter) continue;
      const std::string reference = preview_text(one.find("valueReference"), "reference");
      out.string(reference.substr(reference.find('/') + 1));
    }
    out.end_array();
  }
  out.end_object();
}

Result<int> run_explain_consent(const Session& session, const PreviewOptions& options,
                                const Console& console) {
  XL_TRY(resource_name(options.record));
  XL_TRY_ASSIGN(const std::string question, question_of(session, options));
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const std::string own, own_record(actor, options));
  XL_TRY_ASSIGN(const json::Document answer,
                client::json_of(actor.fhir("GET", own + "/$explain" + question)));
  json::Writer out;
  write_explained(answer.root(), out);
  const std::string text = out.take();
  if (console.json()) {
    console.answer(text);
    return succeeded;
  }
  XL_TRY_ASSIGN(const json::Document told, json::parse(text, {}));
  const bool chinese = console.options().language == Language::chinese;
  Table table({"", ""});
  for (const json::Value reason : told.root().find("reasons").items()) {
    table.add({console.words("because"), preview_text(reason, chinese ? "zh" : "en")});
  }
  for (const auto& [member, word] :
       {std::pair("consents", "by consent"), std::pair("refused_by", "refused by consent")}) {
    for (const json::Value one : told.root().find(member).items()) {
      table.add({console.words(word), std::string(one.as_string().value_or(""))});
    }
  }
  table.print(console);
  if (told.root().find("permitted").as_bool().value_or(false)) {
    console.done("They could read it now", "对方目前可以读取");
  } else {
    console.say("They could not read it now", "对方目前不能读取");
  }
  return succeeded;
}

void add_who_options(CLI::App* command, const std::shared_ptr<PreviewOptions>& options) {
  command->add_option("--actor", options->actor, "who would ask: a DID, or TYPE/ID")->required();
  command->add_option("--of", options->house, "for which organisation: a DID, or TYPE/ID");
  command->add_option("--role", options->role, "in this role alone, such as physician");
  command->add_option("--action", options->action, "read, search, export, collect or correct");
  command->add_option("--id", options->id, "guardians: the ward's Patient id");
}

}  // namespace

void add_consent_preview_commands(CLI::App* group, Session& session) {
  auto options = std::make_shared<PreviewOptions>();
  auto* see = group->add_subcommand("see-as", "what somebody else would be let see of you now");
  add_who_options(see, options);
  see->add_option("--type", options->type, "only this FHIR resource type");
  see->footer(
      "Examples:\n  xinglin consent see-as --actor did:xinglin:… --of did:xinglin:… --as ada.json\n"
      "  xinglin consent see-as --actor did:xinglin:… --type Observation --as ada.json --json");
  choose(see, session, options, run_see_as);
  auto* explain = group->add_subcommand("explain", "could somebody read a record, by which rule?");
  explain->add_option("RECORD", options->record, "a record of yours: TYPE/ID")->required();
  add_who_options(explain, options);
  explain->footer(
      "Examples:\n  xinglin consent explain Observation/7 --actor did:xinglin:… --of "
      "did:xinglin:… --as ada.json\n"
      "  xinglin consent explain Condition/3 --actor did:xinglin:… --purpose HRESCH --as ada.json");
  choose(explain, session, options, run_explain_consent);
}

}  // namespace xl::cli
