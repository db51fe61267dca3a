// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/everything.h"

#include <algorithm>
#include <array>

#include "base/json/json.h"
#include "fhir/definitions.h"
#include "fhir/time.h"
#include "gateway/fhir/draft.h"
#include "gateway/fhir/named.h"
#include "gateway/fhir/page.h"
#include "gateway/fhir/read.h"
#include "gateway/fhir/rehearsal.h"
#include "gateway/fhir/reply.h"
#include "query/search_text.h"

namespace xl::gateway::fhir {
namespace {

constexpr std::array<std::string_view, 8> everything_parameters = {
    "_count", "_cursor", "_format", "_pretty", "_since", "_type", "start", "end"};

/// What is asked for beside whose it is.
struct EverythingWish {
  PageWish page;
  query::Query query;
  xl::fhir::TimeRange care;
  Parameters used;
};

/// Errors: parameter_invalid, fhir_type_unknown, search_too_complex.
Status read_one(const std::string& name, const std::string& value, EverythingWish& out) {
  if (name == "_since") {
    XL_TRY(since_of(value));
    XL_TRY_ASSIGN(auto since, query::read_criterion({}, "_lastUpdated", "ge" + value));
    out.query.criteria.push_back(std::move(since));
  } else if (name == "_type") {
    for (const std::string_view type : query::split_protected(value, ',')) {
      if (!xl::fhir::is_resource_type(type)) {
        return make_error(ErrorCode::fhir_type_unknown, "_type");
      }
      out.query.types.emplace_back(type);
    }
  } else if (name == "start" || name == "end") {
    const auto range = xl::fhir::time_range_of(value);
    if (!range) return make_error(ErrorCode::parameter_invalid, name);
    (name == "start" ? out.care.low : out.care.high) = name == "start" ? range->low : range->high;
  }
  return {};
}

Result<EverythingWish> read_everything(const Call& call) {
  EverythingWish out;
  XL_TRY_ASSIGN(out.used, parameters_of(call));
  XL_TRY(only_parameters(out.used, everything_parameters, "$everything"));
  XL_TRY_ASSIGN(out.page, page_wish(out.used));
  const bool counted =
      std::ranges::any_of(out.used, [](const auto& one) { return one.first == "_count"; });
  if (!counted) out.page.count = query::index_page_max;
  for (const auto& [name, value] : out.used) XL_TRY(read_one(name, value, out));
  out.query.cursor = out.page.cursor;
  return out;
}

/// Is this of care in that time? What says of no time may be. So may what cannot be opened: it is
/// shown as damaged.
bool is_of_care(const Call& call, const query::RecordEntry& entry,
                const xl::fhir::TimeRange& care) {
  if (care == xl::fhir::TimeRange{} || entry.type == "Patient") return true;
  const auto opened = call.organisation.records().open(entry);
  if (!opened.ok()) return true;
  const custody::Labels& labels = opened->labels;
  const bool before = labels.has_to_ms() && labels.to_ms() < care.low;
  const bool after = labels.has_from_ms() && labels.from_ms() > care.high;
  return !before && !after;
}

/// Whose records are asked for. With nobody named, everybody's whom the requester may know.
Status restrict_patients(const Call& call, custody::Viewer& viewer, std::string_view patient,
                         query::Query& wanted) {
  Named named;
  if (!patient.empty()) {
    XL_TRY_ASSIGN(named, compartment_of(call, patient));
  }
  XL_TRY_ASSIGN(wanted.allowed.patients, allowed_patients(viewer, named, wanted));
  wanted.of_patients = named ? named : wanted.allowed.patients;
  if (wanted.of_patients) {
    std::erase_if(*wanted.of_patients,
                  [&](const model::Id& one) { return call.organisation.stores().is_own(one); });
  }
  return {};
}

/// What records lead to among what is about nobody: who wrote them, where, with which product.
query::Allowed only_directory(const Call& call, custody::Viewer& viewer,
                              const std::vector<std::string>& types) {
  query::Allowed out;
  out.patients = {call.organisation.stores().directory()};
  out.record = [&](const query::RecordEntry& entry) {
    const bool asked = types.empty() || std::ranges::find(types, entry.type) != types.end();
    return asked && viewer.allows(entry);
  };
  return out;
}

}  // namespace

Result<Parameters> parameters_of(const Call& call) {
  Parameters out = call.request.query;
  if (call.request.method != "POST" || call.request.body.empty()) return out;
  json::Limits bounds;
  bounds.bytes_max = call.request.body.size() + 1;
  XL_TRY_ASSIGN(const json::Document document, json::parse(call.request.body, bounds));
  if (document.root().find("resourceType").as_string() != "Parameters") {
    return make_error(ErrorCode::parameter_invalid, "Parameters");
  }
  for (const json::Value one : document.root().find("parameter").items()) {
    const std::string name{one.find("name").as_string().value_or("")};
    std::optional<std::string> value;
    for (const json::Member& member : one.members()) {
      if (!member.key.starts_with("value")) continue;
      if (const auto text = member.value.as_string()) value = std::string(*text);
      if (const auto number = member.value.as_uint64()) value = std::to_string(*number);
    }
    if (!value) return make_error(ErrorCode::parameter_invalid, shown_name(name));
    out.emplace_back(name, std::move(*value));
  }
  return out;
}

http::Response everything(const Call& call, std::string_view patient) {
  auto wish = read_everything(call);
  if (!wish.ok()) return refusal(wish.error());
  auto ask = ask_of(call, contracts::consent::Action::search);
  if (!ask.ok()) return refusal(ask.error());
  auto viewer = open_viewer(call, std::move(*ask));
  if (!viewer.ok()) return refusal(viewer.error());
  if (!patient.empty()) {
    // Refused and recorded as any read.
    if (auto refused = refuse_unseen(call, *viewer, "Patient", patient)) return std::move(*refused);
    const auto subject = current_entry(call, "Patient", patient);
    if (!subject.ok() || subject->deleted) return read_whatever_asked(call, "Patient", patient);
  }
  query::Query& wanted = wish->query;
  const Status whom = restrict_patients(call, *viewer, patient, wanted);
  if (!whom.ok()) return refusal(whom.error());
  wanted.allowed.record = [&](const query::RecordEntry& entry) {
    return !call.organisation.stores().is_own(entry.patient) && viewer->allows(entry) &&
           is_of_care(call, entry, wish->care);
  };
  const auto look = [&](std::size_t count) {
    wanted.count = count;
    return call.organisation.stores().index().search(wanted);
  };
  const std::string path =
      "Patient/" + (patient.empty() ? "" : std::string(patient) + "/") + "$everything";
  const std::string address = call.base + "/" + path;
  Listing listing{
      "searchset",
      "everything",
      look,
      wish->page.count,
      true,
      address + query_text(wish->used, wish->page.cursor),
      [&](const std::string& cursor) { return address + query_text(wish->used, cursor); },
      path + query_text(wish->used, {}),
      true};
  const query::Allowed directory = only_directory(call, *viewer, wanted.types);
  listing.part.count_only = wish->page.none;
  listing.include = [&](std::span<const query::RecordEntry> found) {
    query::Include all;
    all.parameter = "*";
    all.iterate = true;
    return call.organisation.stores().index().included(found, std::span(&all, 1), directory);
  };
  return serve_listing(call, *viewer, std::move(listing));
}

}  // namespace xl::gateway::fhir
