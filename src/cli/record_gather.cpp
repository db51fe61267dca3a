// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/record_gather.h"

#include "base/file.h"
#include "base/json/writer.h"
#include "cli/actor.h"
#include "cli/fhir_pages.h"
#include "cli/table.h"
#include "model/limits.h"

namespace xl::cli {
namespace {

struct GatherOptions {
  std::string locator;
  std::string handle;
  std::vector<std::string> sources;
  std::vector<std::string> types;
  std::string out;
};

std::string parameters_text(const GatherOptions& options) {
  json::Writer out;
  out.begin_object().key("resourceType").string("Parameters").key("parameter").begin_array();
  const auto add = [&](std::string_view name, std::string_view value) {
    out.begin_object().key("name").string(name).key("valueString").string(value).end_object();
  };
  if (!options.locator.empty()) add("locator", options.locator);
  if (!options.handle.empty()) add("handle", options.handle);
  for (const std::string& source : options.sources) add("source", source);
  for (const std::string& type : options.types) add("_type", type);
  return out.end_array().end_object().take();
}

std::string gathered_text(json::Value object, std::string_view name) {
  return std::string(object.find(name).as_string().value_or(""));
}

/// Shows what came and what is missing, custodian by custodian. How many are missing.
std::size_t show_sources(json::Value bundle, json::Writer& out, const Console& console) {
  std::size_t missing = 0;
  out.key("sources").begin_array();
  for (const json::Value issue :
       bundle.find("entry").at(0).find("resource").find("issue").items()) {
    const std::string text = gathered_text(issue.find("details"), "text");
    const bool whole = gathered_text(issue, "severity") == "information";
    missing += whole ? 0 : 1;
    out.begin_object().key("text").string(text).key("complete").boolean(whole);
    out.key("code").string(gathered_text(issue, "diagnostics"));
    for (const json::Value extension : issue.find("extension").items()) {
      if (gathered_text(extension, "url") != "urn:xinglin:source") continue;
      out.key("custodian").string(gathered_text(extension, "valueUri"));
    }
    out.end_object();
    console.say(text, text);
  }
  out.end_array();
  return missing;
}

Result<int> run_gather(const Session& session, const GatherOptions& options,
                       const Console& console) {
  if (options.locator.empty() && options.handle.empty() && options.sources.empty()) {
    return make_error(ErrorCode::usage_invalid, "--locator, --handle or --source");
  }
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const client::HttpResponse answer,
                actor.fhir("POST", "Patient/$gather", parameters_text(options)));
  if (answer.status != 200) return client::error_of(answer);
  XL_TRY_ASSIGN(const json::Document document, client::json_of(answer));
  if (!options.out.empty()) {
    XL_TRY(write_file_durably(options.out, view_of(answer.body), 0600));
  }
  Table table(
      {std::string(console.pick("RECORD", "记录")), std::string(console.pick("ABOUT", "内容"))});
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/record-gather/v1").key("records").begin_array();
  std::size_t at = 0;
  for (const json::Value entry : document.root().find("entry").items()) {
    if (at++ == 0) continue;  // what is said of the sources
    const std::string url = gathered_text(entry, "fullUrl");
    const std::string about = summary_of(entry.find("resource"));
    out.begin_object().key("url").string(url).key("about").string(about).end_object();
    table.add({url, about});
  }
  out.end_array();
  if (!console.json()) table.print(console);
  const std::size_t missing = show_sources(document.root(), out, console);
  out.end_object();
  if (console.json()) console.answer(out.take());
  return missing == 0 ? succeeded : static_cast<int>(ExitCode::unreachable);
}

}  // namespace

void add_record_gather_command(CLI::App* group, Session& session) {
  auto options = std::make_shared<GatherOptions>();
  auto* gather =
      group->add_subcommand("gather", "what other custodians keep of a patient, as they agreed");
  gather->add_option("--locator", options->locator, "what the patient shows");
  gather->add_option("--handle", options->handle,
                     "CUSTODIAN|HANDLE, which the patient told, with a locator left there");
  gather->add_option("--source", options->sources, "CUSTODIAN|PATIENT, their DIDs; repeat");
  gather->add_option("--type", options->types, "only this FHIR resource type; repeat");
  gather->add_option("--out", options->out, "a file for all of it, as a FHIR Bundle");
  gather->footer(
      "Examples:\n  xinglin record gather --locator xinglin:locator:… --as ward.json\n"
      "  xinglin record gather --locator xinglin:locator:… --type Observation --out it.json "
      "--as ward.json");
  choose(gather, session, options, run_gather);
}

}  // namespace xl::cli
