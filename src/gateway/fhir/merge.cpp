// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/merge.h"

#include <algorithm>

#include "base/json/writer.h"
#include "fhir/outcome.h"
#include "gateway/fhir/draft.h"
#include "gateway/fhir/read.h"
#include "gateway/fhir/reply.h"
#include "model/limits.h"

namespace xl::gateway::fhir {
namespace {

constexpr std::size_t merged_max = 64;
constexpr std::string_view replaces = "replaces";
constexpr std::string_view replaced_by = "replaced-by";

/// The id in `Patient/7` of a parameter's Reference; empty without one.
std::string patient_named(json::Value parameters, std::string_view name) {
  for (const json::Value one : parameters.find("parameter").items()) {
    if (one.find("name").as_string() != name) continue;
    const auto text = one.find("valueReference").find("reference").as_string().value_or("");
    const auto parts = query::reference_parts(text);
    if (parts && parts->type == "Patient") return std::string(parts->id);
  }
  return {};
}

bool is_preview(json::Value parameters) {
  for (const json::Value one : parameters.find("parameter").items()) {
    if (one.find("name").as_string() == "preview") {
      return one.find("valueBoolean").as_bool().value_or(false);
    }
  }
  return false;
}

/// The place of a link of one kind to a Patient; nothing when there is none.
std::optional<std::size_t> link_to(json::Value patient, std::string_view id,
                                   std::string_view kind) {
  std::size_t place = 0;
  for (const json::Value link : patient.find("link").items()) {
    const auto text = link.find("other").find("reference").as_string().value_or("");
    const auto parts = query::reference_parts(text);
    const bool leads = parts && parts->type == "Patient" && parts->id == id;
    if (leads && link.find("type").as_string() == kind) return place;
    ++place;
  }
  return std::nullopt;
}

void add_link(json::Document& patient, const std::string& id, std::string_view kind) {
  json::Node links = patient.edit().find("link");
  if (!links.is_array()) {
    links = patient.make_array();
    patient.edit().set("link", links);
  }
  json::Node other = patient.make_object();
  other.set_string("reference", "Patient/" + id);
  json::Node link = patient.make_object();
  link.set("other", other);
  link.set_string("type", kind);
  links.append(link);
}

void drop_link(json::Document& patient, std::size_t place) {
  json::Node links = patient.edit().find("link");
  links.remove_at(place);
  if (links.size() == 0) patient.edit().remove("link");
}

/// One of the two, as it is now. Read, and so decided and recorded, by who asks.
struct Side {
  std::string id;
  json::Document document = json::Document::object();
  std::optional<std::uint64_t> version;
};
std::optional<http::Response> read_side(const Call& call, std::string id, Side& out) {
  out.id = std::move(id);
  http::Response current = read_whatever_asked(call, "Patient", out.id);
  if (current.status != 200) return current;
  const auto version = version_wanted(current.headers["etag"]);
  json::Limits bounds;
  bounds.bytes_max = limits::record_bytes_max + 1;
  auto document = json::parse(current.body, bounds);
  if (!version.ok() || !document.ok()) {
    return refusal(version.ok() ? document.error() : version.error());
  }
  out.version = *version;
  out.document = std::move(*document);
  return std::nullopt;
}

/// Is somebody inactive because they were replaced?
bool is_replaced(json::Value patient) {
  for (const json::Value link : patient.find("link").items()) {
    if (link.find("type").as_string() == replaced_by) return true;
  }
  return false;
}

/// Errors: fhir_merge_refused.
Status change_both(Side& source, Side& target, bool undo) {
  const auto away = link_to(source.document.root(), target.id, replaced_by);
  const auto back = link_to(target.document.root(), source.id, replaces);
  if (undo) {
    if (!away || !back || is_replaced(target.document.root())) {
      return make_error(ErrorCode::fhir_merge_refused);
    }
    drop_link(source.document, *away);
    drop_link(target.document, *back);
    source.document.edit().set_boolean("active", true);
    return {};
  }
  const bool ended = is_replaced(source.document.root()) || is_replaced(target.document.root());
  const auto active = target.document.root().find("active").as_bool();
  if (ended || source.id == target.id || (active && !*active)) {
    return make_error(ErrorCode::fhir_merge_refused);
  }
  add_link(source.document, target.id, replaced_by);
  add_link(target.document, source.id, replaces);
  source.document.edit().set_boolean("active", false);
  return {};
}

http::Response merge_reply(std::string_view result) {
  json::Writer out;
  out.begin_object().key("resourceType").string("Parameters").key("parameter").begin_array();
  out.end_array().end_object();
  std::string text = out.take();
  text.resize(text.size() - 2);
  text += R"({"name":"outcome","resource":)" + xl::fhir::outcome_text(std::span<const Issue>{}) +
          R"(},{"name":"result","resource":)" + std::string(result) + "}]}";
  return reply(std::move(text));
}

Draft draft_of_side(Side side) {
  return {"Patient", std::move(side.id), std::move(side.document), side.version};
}

}  // namespace

http::Response merge(const Call& call, bool undo) {
  const Status may = check_writer(call);
  if (!may.ok()) return refusal(may.error());
  const CheckedResource given = read_resource(call.request.body);
  if (given.refused) return *given.refused;
  const json::Value parameters = given.document->root();
  std::string from = patient_named(parameters, "source-patient");
  std::string into = patient_named(parameters, "target-patient");
  if (from.empty() || into.empty()) {
    return refusal(make_error(ErrorCode::parameter_invalid, "source-patient, target-patient"));
  }
  Side source;
  Side target;
  if (auto refused = read_side(call, std::move(from), source)) return std::move(*refused);
  if (auto refused = read_side(call, std::move(into), target)) return std::move(*refused);
  const Status changed = change_both(source, target, undo);
  if (!changed.ok()) return refusal(changed.error());
  if (is_preview(parameters)) return merge_reply(json::write(target.document.root()));
  std::vector<Draft> drafts;
  drafts.push_back(draft_of_side(std::move(source)));
  drafts.push_back(draft_of_side(std::move(target)));
  const auto written = write_drafts(call, std::move(drafts));
  if (!written.ok()) return refusal(written.error());
  return merge_reply(written->back().content);
}

Result<std::vector<query::RecordEntry>> merged_into(const Call& call, std::string_view id) {
  std::vector<query::RecordEntry> out;
  std::vector<std::string> open{std::string(id)};
  while (!open.empty()) {
    const std::string current = std::move(open.back());
    open.pop_back();
    XL_TRY_ASSIGN(std::vector<query::RecordEntry> linked,
                  call.organisation.stores().index().referring("Patient", "link", "Patient",
                                                               current, merged_max));
    for (query::RecordEntry& entry : linked) {
      const auto opened = call.organisation.records().open(entry);
      if (!opened.ok() && opened.error().code == ErrorCode::record_erased) continue;
      if (!opened.ok()) return opened.error();
      json::Limits bounds;
      bounds.bytes_max = opened->content.size() + 1;
      XL_TRY_ASSIGN(const json::Document document, json::parse(opened->content, bounds));
      if (!link_to(document.root(), current, replaced_by)) continue;
      open.push_back(entry.id);
      out.push_back(std::move(entry));
      if (out.size() > merged_max) return make_error(ErrorCode::search_too_broad);
    }
  }
  return out;
}

}  // namespace xl::gateway::fhir
