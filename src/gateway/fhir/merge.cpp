// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/merge.h"

#include <algorithm>
#include <array>

#include "base/json/writer.h"
#include "fhir/outcome.h"
#include "gateway/fhir/draft.h"
#include "gateway/fhir/own.h"
#include "gateway/fhir/read.h"
#include "gateway/fhir/reply.h"
#include "model/limits.h"

namespace xl::gateway::fhir {
namespace {

constexpr std::size_t merged_max = 64;
constexpr std::string_view replaces = "replaces";
constexpr std::string_view replaced_by = "replaced-by";

/// Patients who refer to one by their links, at most so many are looked at.
constexpr std::size_t linked_max = 1000;

/// The id in `Patient/7`; empty for what leads to no Patient of this server.
std::string patient_id_of(const query::OwnNames& own, json::Value reference) {
  constexpr std::string_view type = "Patient/";
  const std::string record = own_record(own, reference.find("reference").as_string().value_or(""));
  return record.starts_with(type) ? record.substr(type.size()) : std::string();
}

/// The id in `Patient/7` of a parameter's Reference; empty without one to a Patient of this server.
std::string patient_parameter(const query::OwnNames& own, json::Value parameters,
                              std::string_view name) {
  for (const json::Value one : parameters.find("parameter").items()) {
    if (one.find("name").as_string() != name) continue;
    std::string id = patient_id_of(own, one.find("valueReference"));
    if (!id.empty()) return id;
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
std::optional<std::size_t> link_to(const query::OwnNames& own, json::Value patient,
                                   std::string_view id, std::string_view kind) {
  std::size_t place = 0;
  const std::string wanted = "Patient/" + std::string(id);
  for (const json::Value link : patient.find("link").items()) {
    const auto text = link.find("other").find("reference").as_string().value_or("");
    const bool leads = own_record(own, text) == wanted;
    if (leads && link.find("type").as_string() == kind) return place;
    ++place;
  }
  return std::nullopt;
}

json::Node links_of(json::Document& patient) {
  json::Node links = patient.edit().find("link");
  if (links.is_array()) return links;
  links = patient.make_array();
  patient.edit().set("link", links);
  return patient.edit().find("link");
}

void add_link(json::Document& patient, const std::string& id, std::string_view kind) {
  json::Node other = patient.make_object();
  other.set_string("reference", "Patient/" + id);
  json::Node link = patient.make_object();
  link.set("other", other);
  link.set_string("type", kind);
  links_of(patient).append(link);
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
  std::uint64_t version = 0;
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
  out.version = version->version.value_or(0);
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

/// A kept version as a document.
Result<json::Document> document_of(const Call& call, const query::RecordEntry& entry) {
  XL_TRY_ASSIGN(const custody::OpenedRecord opened, call.organisation.records().open(entry));
  json::Limits bounds;
  bounds.bytes_max = opened.content.size() + 1;
  return json::parse(opened.content, bounds);
}

/// What the source said of `active` before it was merged: in its last version without the link that
/// the merge made. Nothing where it said nothing, or that version was erased.
Result<std::optional<bool>> active_before(const Call& call, const query::OwnNames& own,
                                          const Side& source, const std::string& target) {
  for (std::uint64_t number = source.version; number-- > 1;) {
    const auto entry = call.organisation.stores().index().version("Patient", source.id, number);
    if (!entry.ok() && entry.error().code == ErrorCode::index_record_unknown) break;
    if (!entry.ok()) return entry.error();
    if (entry->deleted) break;
    XL_TRY_ASSIGN(const json::Document before, document_of(call, *entry));
    if (link_to(own, before.root(), target, replaced_by)) continue;
    return before.root().find("active").as_bool();
  }
  return std::optional<bool>{};
}

/// Errors: fhir_merge_refused, those of the stores.
Status separate(const Call& call, const query::OwnNames& own, Side& source, Side& target) {
  const auto away = link_to(own, source.document.root(), target.id, replaced_by);
  const auto back = link_to(own, target.document.root(), source.id, replaces);
  if (!away || !back || is_replaced(target.document.root())) {
    return make_error(ErrorCode::fhir_merge_refused);
  }
  XL_TRY_ASSIGN(const std::optional<bool> active, active_before(call, own, source, target.id));
  drop_link(source.document, *away);
  drop_link(target.document, *back);
  if (active) {
    source.document.edit().set_boolean("active", *active);
  } else {
    source.document.edit().remove("active");
  }
  return {};
}

/// Errors: fhir_merge_refused.
Status join(const query::OwnNames& own, Side& source, Side& target) {
  const bool ended = is_replaced(source.document.root()) || is_replaced(target.document.root());
  const auto active = target.document.root().find("active").as_bool();
  if (ended || source.id == target.id || (active && !*active)) {
    return make_error(ErrorCode::fhir_merge_refused);
  }
  add_link(source.document, target.id, replaced_by);
  const bool known = link_to(own, target.document.root(), source.id, replaces).has_value();
  if (!known) add_link(target.document, source.id, replaces);
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
  return {.type = "Patient",
          .id = std::move(side.id),
          .document = std::move(side.document),
          .if_match = {side.version},
          .merges = true};
}

/// Who replaced a Patient, by the links; empty for nobody of this server.
std::string replaced_by_whom(const query::OwnNames& own, json::Value patient) {
  for (const json::Value link : patient.find("link").items()) {
    if (link.find("type").as_string() != replaced_by) continue;
    std::string id = patient_id_of(own, link.find("other"));
    if (!id.empty()) return id;
  }
  return {};
}

/// Whether the links say that a Patient was replaced by itself, through others or at once: no merge
/// does that, and no `$unmerge` undoes it.
bool is_in_circle(const Call& call, const query::OwnNames& own, std::string_view id,
                  json::Value patient) {
  std::string next = replaced_by_whom(own, patient);
  for (std::size_t steps = 0; !next.empty() && steps < merged_max; ++steps) {
    if (next == id) return true;
    const auto entry = call.organisation.records().current("Patient", next);
    if (!entry.ok() || !*entry || (*entry)->deleted) return false;
    const auto document = document_of(call, **entry);
    if (!document.ok()) return false;
    next = replaced_by_whom(own, document->root());
  }
  return false;
}

/// A link that `$merge` wrote into a Patient and that the other one answers to.
struct KeptLink {
  std::string other;  ///< the other Patient's id
  std::string_view kind;
  json::Document link;
};
Result<std::vector<KeptLink>> kept_links(const Call& call, const query::OwnNames& own,
                                         const query::RecordEntry& current) {
  std::vector<KeptLink> out;
  if (current.deleted) return out;
  XL_TRY_ASSIGN(const auto others, call.organisation.stores().index().referring(
                                       "Patient", "link", "Patient", current.id, linked_max));
  if (others.empty()) return out;
  XL_TRY_ASSIGN(const json::Document before, document_of(call, current));
  if (is_in_circle(call, own, current.id, before.root())) return out;
  for (const query::RecordEntry& other : others) {
    // Where the other one cannot be read, what this one says of the merge is kept.
    const auto answer = document_of(call, other);
    if (!answer.ok() && answer.error().code == ErrorCode::record_erased) continue;
    for (const auto& [kind, reverse] :
         {std::pair{replaced_by, replaces}, std::pair{replaces, replaced_by}}) {
      const auto link = link_to(own, before.root(), other.id, kind);
      const bool answers = !answer.ok() || link_to(own, answer->root(), current.id, reverse);
      if (!link || !answers) continue;
      out.push_back({other.id, kind, json::Document::copy(before.root().find("link").at(*link))});
    }
  }
  return out;
}

}  // namespace

http::Response merge(const Call& call, bool undo) {
  if (auto refused = refuse_writer(call, undo ? "separate" : "merge", "Patient", {})) {
    return std::move(*refused);
  }
  const CheckedResource given = read_resource(call.request.body);
  if (given.refused) return *given.refused;
  const json::Value parameters = given.document->root();
  const query::OwnNames own = own_names(call);
  std::string from = patient_parameter(own, parameters, "source-patient");
  std::string into = patient_parameter(own, parameters, "target-patient");
  if (from.empty() || into.empty()) {
    return refusal(make_error(ErrorCode::parameter_invalid, "source-patient, target-patient"));
  }
  // Nobody writes one of the two between the reads and the writes.
  const std::array<Draft, 2> names{Draft{.type = "Patient", .id = from},
                                   Draft{.type = "Patient", .id = into}};
  const auto held = hold_records(call, names);
  if (!held.ok()) return refusal(held.error());
  Side source;
  Side target;
  if (auto refused = read_side(call, std::move(from), source)) return std::move(*refused);
  if (auto refused = read_side(call, std::move(into), target)) return std::move(*refused);
  const Status changed = undo ? separate(call, own, source, target) : join(own, source, target);
  if (!changed.ok()) return refusal(changed.error());
  if (is_preview(parameters)) return merge_reply(json::write(target.document.root()));
  std::vector<Draft> drafts;
  drafts.push_back(draft_of_side(std::move(source)));
  drafts.push_back(draft_of_side(std::move(target)));
  const auto written = write_drafts(call, std::move(drafts), {.held = true});
  if (!written.ok()) return refusal(written.error());
  http::Response out = merge_reply(written->back().content);
  for (const Written& one : *written) {
    std::string& links = out.headers["link"];
    links += (links.empty() ? "" : ", ") + receipt_link(call, one);
  }
  return out;
}

Status keep_merges(const Call& call, const query::RecordEntry& current, json::Document& next) {
  const query::OwnNames own = own_names(call);
  XL_TRY_ASSIGN(const std::vector<KeptLink> kept, kept_links(call, own, current));
  for (const KeptLink& one : kept) {
    if (!link_to(own, next.root(), one.other, one.kind)) {
      links_of(next).append(next.make_copy(one.link.root()));
    }
    if (one.kind == replaced_by) next.edit().set_boolean("active", false);
  }
  return {};
}

Status check_not_merged(const Call& call, const query::RecordEntry& current) {
  XL_TRY_ASSIGN(const auto kept, kept_links(call, own_names(call), current));
  return kept.empty() ? Status{} : Status(make_error(ErrorCode::fhir_patient_merged));
}

Result<std::vector<query::RecordEntry>> merged_into(const Call& call, std::string_view id) {
  return call.organisation.stores().index().merged_into(id, merged_max);
}

}  // namespace xl::gateway::fhir
