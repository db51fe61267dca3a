// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/record.h"

#include "base/file.h"
#include "base/json/writer.h"
#include "cli/fhir_pages.h"
#include "cli/record_erase.h"
#include "cli/record_gather.h"
#include "cli/record_sign.h"
#include "cli/record_verify.h"
#include "cli/table.h"
#include "model/limits.h"

namespace xl::cli {
namespace {

struct RecordOptions {
  std::string file;
  std::string name;
  std::string version;
  std::string type;
  std::string if_match;
  std::vector<std::string> query;
};

std::string_view header_of(const client::HttpResponse& answer, const std::string& name) {
  const auto found = answer.headers.find(name);
  return found == answer.headers.end() ? std::string_view{} : std::string_view(found->second);
}

/// `W/"3"` as `3`.
std::string version_of(const client::HttpResponse& answer) {
  std::string_view tag = header_of(answer, "etag");
  if (tag.starts_with("W/")) tag.remove_prefix(2);
  while (tag.starts_with('"')) tag.remove_prefix(1);
  while (tag.ends_with('"')) tag.remove_suffix(1);
  return std::string(tag);
}

/// The transaction that anchored what was written, from the Link header.
std::string receipt_of(const client::HttpResponse& answer) {
  const std::string_view link = header_of(answer, "link");
  const std::size_t at = link.find("/receipts/");
  return at == std::string_view::npos ? std::string() : std::string(link.substr(at + 10, 64));
}

Result<int> run_put(const Session& session, const RecordOptions& options, const Console& console) {
  XL_TRY_ASSIGN(const Bytes content, read_file(options.file, limits::record_bytes_max));
  XL_TRY_ASSIGN(const json::Document document,
                json::in_file(json::parse(text_of(content), {}), text_of(content), options.file));
  const std::string type(document.root().find("resourceType").as_string().value_or(""));
  const std::string id(document.root().find("id").as_string().value_or(""));
  if (type.empty()) return make_error(ErrorCode::input_invalid, options.file + ": no resourceType");
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  std::map<std::string, std::string> headers{{"Prefer", "return=minimal"}};
  if (!options.if_match.empty()) headers["If-Match"] = "W/\"" + options.if_match + "\"";
  XL_TRY_ASSIGN(const client::HttpResponse answer,
                id.empty() ? actor.fhir("POST", type, text_of(content), headers)
                           : actor.fhir("PUT", type + "/" + id, text_of(content), headers));
  if (answer.status != 200 && answer.status != 201) return client::error_of(answer);
  const std::string_view location = header_of(answer, "location");
  const std::size_t base = location.find("/fhir/");
  std::string name(base == std::string_view::npos ? "" : location.substr(base + 6));
  name = name.substr(0, name.find("/_history"));
  const std::string version = version_of(answer);
  const std::string transaction = receipt_of(answer);
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/record-put/v1").key("record").string(name);
    out.key("version").string(version).key("created").boolean(answer.status == 201);
    out.key("transaction_id").string(transaction).end_object();
    console.answer(out.take());
  } else {
    console.result(name + "\t" + version + "\t" + transaction);
  }
  console.done("Kept encrypted and anchored: " + name + " version " + version,
               "已加密保存并存证:" + name + " 第 " + version + " 版");
  console.say("  next: xinglin record verify " + name, "  下一步:xinglin record verify " + name);
  return succeeded;
}

Result<int> run_get(const Session& session, const RecordOptions& options, const Console& console) {
  XL_TRY_ASSIGN(const ResourceName name, resource_name(options.name));
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  const std::string path =
      name.text() + (options.version.empty() ? "" : "/_history/" + options.version);
  XL_TRY_ASSIGN(const client::HttpResponse answer, actor.fhir("GET", path));
  if (answer.status != 200) return client::error_of(answer);
  if (!console.json()) {
    console.result(answer.body);  // byte for byte what was kept: its digest can be compared
    return succeeded;
  }
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/record/v1").key("record").string(name.text());
  out.key("version").string(version_of(answer)).key("resource");
  XL_TRY_ASSIGN(const json::Document resource, client::json_of(answer));
  console.answer(out.value(resource.root()).end_object().take());
  return succeeded;
}

std::string text_member(json::Value object, std::string_view name) {
  return std::string(object.find(name).as_string().value_or(""));
}

Result<int> run_list(const Session& session, const RecordOptions& options, const Console& console) {
  XL_TRY_ASSIGN(std::string query, query_of(options.query));
  if (query.find("_count=") == std::string::npos)
    query += (query.empty() ? "?" : "&") + std::string("_count=200");
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  Table table({std::string(console.pick("RECORD", "记录")),
               std::string(console.pick("VERSION", "版本")),
               std::string(console.pick("UPDATED", "更新时间")),
               std::string(console.pick("ABOUT", "内容"))});
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/record-list/v1").key("records").begin_array();
  std::size_t count = 0;
  std::size_t damaged = 0;
  XL_TRY(for_each_entry(actor, options.type + query, [&](json::Value entry) -> Status {
    if (entry.find("search").find("mode").as_string() == "outcome") {
      ++damaged;
      return {};
    }
    const json::Value resource = entry.find("resource");
    const std::string name =
        text_member(resource, "resourceType") + "/" + text_member(resource, "id");
    const json::Value meta = resource.find("meta");
    out.begin_object().key("record").string(name);
    out.key("version").string(text_member(meta, "versionId"));
    out.key("last_updated").string(text_member(meta, "lastUpdated"));
    out.key("about").string(summary_of(resource)).end_object();
    table.add({name, text_member(meta, "versionId"), text_member(meta, "lastUpdated"),
               summary_of(resource)});
    ++count;
    return {};
  }));
  out.end_array().key("damaged").unsigned_integer(damaged).end_object();
  if (console.json())
    console.answer(out.take());
  else
    table.print(console);
  console.say(std::to_string(count) + " records that you may see",
              "您可查看的记录:" + std::to_string(count) + " 条");
  if (damaged == 0) return succeeded;
  const std::string missing = std::to_string(damaged);
  console.say(
      missing +
          " more are lost or altered at the node: tell its operator, who sees them with "
          "'xinglin node verify'",
      "另有 " + missing + " 条在节点上丢失或被改动:请告知运维者,可用 xinglin node verify 查看");
  return static_cast<int>(ExitCode::altered);
}

Result<int> run_history(const Session& session, const RecordOptions& options,
                        const Console& console) {
  XL_TRY_ASSIGN(const ResourceName name, resource_name(options.name));
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  Table table({std::string(console.pick("VERSION", "版本")),
               std::string(console.pick("TIME", "时间")),
               std::string(console.pick("CHANGE", "变更"))});
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/record-history/v1");
  out.key("record").string(name.text()).key("versions").begin_array();
  XL_TRY(for_each_entry(actor, name.text() + "/_history", [&](json::Value entry) -> Status {
    const json::Value response = entry.find("response");
    std::string version = text_member(response, "etag");
    std::erase_if(version, [](char c) { return c == 'W' || c == '/' || c == '"'; });
    const std::string method = text_member(entry.find("request"), "method");
    const std::string_view change = method == "DELETE" ? "deleted"
                                    : method == "POST" ? "created"
                                                       : "updated";
    table.add({version, text_member(response, "lastModified"), console.words(change)});
    out.begin_object().key("version").string(version);
    out.key("last_modified").string(text_member(response, "lastModified"));
    out.key("change").string(change).end_object();
    return {};
  }));
  out.end_array().end_object();
  if (console.json())
    console.answer(out.take());
  else
    table.print(console);
  return succeeded;
}

void add_reading(CLI::App* group, Session& session, const std::shared_ptr<RecordOptions>& options) {
  auto* get = group->add_subcommand("get", "a record, byte for byte as it is kept");
  get->add_option("TYPE/ID", options->name, "such as Patient/7")->required();
  get->add_option("--version", options->version, "an earlier version");
  get->footer(
      "Examples:\n  xinglin record get Patient/7 --as ward.json\n"
      "  xinglin record get Observation/bp-1 --version 2 --as ward.json --organisation did:…");
  choose(get, session, options, run_get);
  auto* list = group->add_subcommand("list", "records of a type that you may see");
  list->add_option("TYPE", options->type, "a FHIR resource type")->required();
  list->add_option("QUERY", options->query, "NAME=VALUE search parameters");
  list->footer(
      "Examples:\n  xinglin record list Observation patient=7 --as ward.json\n"
      "  xinglin record list Condition patient=7 code=38341003 --as ward.json --json");
  choose(list, session, options, run_list);
  auto* history = group->add_subcommand("history", "the versions of a record");
  history->add_option("TYPE/ID", options->name, "such as Patient/7")->required();
  history->footer(
      "Examples:\n  xinglin record history Patient/7 --as ward.json\n"
      "  xinglin record history Patient/7 --as ward.json --json");
  choose(history, session, options, run_history);
}

}  // namespace

void add_record_commands(CLI::App& app, Session& session) {
  auto* group =
      app.add_subcommand("record", "health records: write, read, prove")->require_subcommand(1);
  group->footer(
      "Examples:\n  xinglin record put observation.json --as hospital.json\n"
      "  xinglin record verify Observation/bp-1 --as ward.json");
  auto options = std::make_shared<RecordOptions>();
  auto* put =
      group->add_subcommand("put", "write a FHIR resource; without an id the node gives one");
  put->add_option("FILE", options->file, "FHIR R4 JSON")->required();
  put->add_option("--if-version", options->if_match, "only when this version is the current one");
  put->footer(
      "Examples:\n  xinglin record put observation.json --as hospital.json\n"
      "  xinglin record put patient.json --if-version 3 --as hospital.json");
  choose_change(put, session, options, run_put);
  add_reading(group, session, options);
  add_record_verify_command(group, session);
  add_record_erase_commands(group, session);
  add_record_sign_commands(group, session);
  add_record_gather_command(group, session);
}

}  // namespace xl::cli
