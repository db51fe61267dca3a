// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/fhir.h"

#include "base/file.h"
#include "base/json/writer.h"
#include "cli/fhir_import.h"
#include "cli/fhir_pages.h"

namespace xl::cli {
namespace {

struct FhirOptions {
  std::string path;
  std::string type;
  std::vector<std::string> query;
  std::string patient;
  std::string out;
};

/// FHIR as the server gave it; to programs as a member of an object.
void show_fhir(json::Value resource, const Console& console) {
  if (!console.json()) {
    console.result(json::write(resource, json::Style::pretty));
    return;
  }
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/fhir-resource/v1").key("resource");
  console.answer(out.value(resource).end_object().take());
}

Result<int> run_fhir_get(const Session& session, const FhirOptions& options,
                         const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  std::string path = options.path;
  while (path.starts_with('/')) path.erase(0, 1);
  XL_TRY_ASSIGN(const json::Document answer, client::json_of(actor.fhir("GET", path)));
  show_fhir(answer.root(), console);
  return succeeded;
}

/// All pages as one Bundle of this type on stdout or in a file. How many entries.
Result<std::size_t> collect(Actor& actor, const std::string& path, std::string_view type,
                            const std::string& file, const Console& console) {
  std::string entries;
  std::size_t count = 0;
  XL_TRY(for_each_entry(actor, path, [&](json::Value entry) -> Status {
    entries += count++ == 0 ? "\n" : ",\n";
    entries += json::write(entry);
    return {};
  }));
  const std::string bundle =
      R"({"resourceType":"Bundle","type":")" + std::string(type) +
      (type == "searchset" ? "\",\"total\":" + std::to_string(count) : std::string("\"")) +
      (count == 0 ? "" : ",\"entry\":[" + entries + "\n]") + "}\n";
  // It holds records in the clear: for this user alone.
  if (!file.empty()) {
    XL_TRY(write_file_durably(file, view_of(bundle), 0600));
  } else if (!console.json()) {
    console.result(bundle);
  } else {
    console.answer(R"({"schema":"xinglin/fhir-resource/v1","resource":)" + bundle + "}");
  }
  if (console.json() && !file.empty()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/fhir-export/v1").key("file");
    out.string(file).key("resources").unsigned_integer(count).end_object();
    console.answer(out.take());
  }
  return count;
}

Result<int> run_fhir_search(const Session& session, const FhirOptions& options,
                            const Console& console) {
  XL_TRY_ASSIGN(std::string query, query_of(options.query));
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const std::size_t count,
                collect(actor, options.type + query, "searchset", options.out, console));
  console.say(std::to_string(count) + " resources that you may see",
              "您可查看的资源:" + std::to_string(count) + " 项");
  return succeeded;
}

Result<int> run_fhir_export(const Session& session, const FhirOptions& options,
                            const Console& console) {
  std::string patient = options.patient;
  if (patient.starts_with("Patient/")) patient.erase(0, 8);
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const std::size_t count,
                collect(actor, "Patient/" + patient + "/$everything?_count=200", "collection",
                        options.out, console));
  const std::string where = options.out.empty() ? "" : " -> " + options.out;
  console.done("Exported " + std::to_string(count) + " resources" + where,
               "已导出 " + std::to_string(count) + " 项资源" + where);
  return succeeded;
}

Result<int> run_capabilities(const Session& session, const FhirOptions&, const Console& console) {
  XL_TRY_ASSIGN(client::NodeAddress address, address_of(session));
  client::HttpClient http(std::move(address));
  model::Id organisation;
  if (!session.organisation.empty()) {
    XL_TRY_ASSIGN(organisation, id_of(session.organisation, "--organisation"));
  } else {
    XL_TRY_ASSIGN(const json::Document all, client::json_of(http.get("/o")));
    const json::Value first = all.root().find("organisations").at(0);
    XL_TRY_ASSIGN(organisation, model::id_from_text(first.find("id").as_string().value_or("")));
  }
  XL_TRY_ASSIGN(const json::Document answer,
                client::json_of(http.get("/o/" + organisation.text() + "/fhir/metadata")));
  show_fhir(answer.root(), console);
  return succeeded;
}

}  // namespace

void add_fhir_commands(CLI::App& app, Session& session) {
  auto* group = app.add_subcommand("fhir", "talk FHIR R4 to a custodian")->require_subcommand(1);
  group->footer(
      "Examples:\n  xinglin fhir import bundles/ --verify --as hospital.json\n"
      "  xinglin fhir get 'Observation?patient=7' --as ward.json");
  add_fhir_import_command(group, session);
  auto options = std::make_shared<FhirOptions>();
  auto* get = group->add_subcommand("get", "one answer of the FHIR server");
  get->add_option("PATH", options->path, "such as Patient/7 or Observation?patient=7")->required();
  get->footer(
      "Examples:\n  xinglin fhir get Patient/7 --as ward.json\n"
      "  xinglin fhir get 'Observation?patient=7&_count=5' --as ward.json --json");
  choose(get, session, options, run_fhir_get);
  auto* search = group->add_subcommand("search", "all pages of a search, as one Bundle");
  search->add_option("TYPE", options->type, "a FHIR resource type")->required();
  search->add_option("QUERY", options->query, "NAME=VALUE search parameters");
  search->add_option("--out", options->out, "write the Bundle to this file");
  search->footer(
      "Examples:\n  xinglin fhir search Observation patient=7 --as ward.json\n"
      "  xinglin fhir search Encounter patient=7 status=in-progress --as ward.json");
  choose(search, session, options, run_fhir_search);
  auto* exported = group->add_subcommand("export", "everything about a patient, as one Bundle");
  exported->add_option("PATIENT", options->patient, "the Patient's id")->required();
  exported->add_option("--out", options->out, "write the Bundle to this file");
  exported->footer(
      "Examples:\n  xinglin fhir export 7 --out ada.bundle.json --as ada.json\n"
      "  xinglin fhir export Patient/7 --as ward.json > ada.bundle.json");
  choose(exported, session, options, run_fhir_export);
  auto* capabilities = group->add_subcommand("capabilities", "what the FHIR server can do");
  capabilities->footer(
      "Examples:\n  xinglin fhir capabilities\n"
      "  xinglin fhir capabilities --organisation did:xinglin:… --json");
  choose(capabilities, session, options, run_capabilities);
}

}  // namespace xl::cli
