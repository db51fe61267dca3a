// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/pix.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/json/writer.h"
#include "gateway/fhir/everything.h"
#include "gateway/fhir/own.h"
#include "gateway/fhir/page.h"
#include "gateway/fhir/read.h"
#include "gateway/fhir/rehearsal.h"
#include "gateway/fhir/reply.h"

namespace xl::gateway::fhir {
namespace {

constexpr std::array<std::string_view, 3> pix_parameters = {"sourceIdentifier", "targetSystem",
                                                            "_format"};
constexpr std::uint32_t known_as_max = 100;  ///< Patients of one person
constexpr std::string_view pix_action = "ihe-pix";

struct PixWish {
  std::string source;
  std::set<std::string> systems;  ///< empty: all
};

/// Errors: parameter_invalid, fhir_parameter_unsupported, those of the body.
Result<PixWish> read_pix(const Call& call) {
  XL_TRY_ASSIGN(const Parameters asked, parameters_of(call));
  XL_TRY(only_parameters(asked, pix_parameters, "$ihe-pix"));
  PixWish out;
  for (const auto& [name, value] : asked) {
    if (name == "sourceIdentifier") out.source = value;
    if (name == "targetSystem") out.systems.insert(value);
  }
  const std::size_t bar = out.source.find('|');
  if (bar == std::string::npos || bar == 0 || bar + 1 == out.source.size()) {
    return make_error(ErrorCode::parameter_invalid, "sourceIdentifier");
  }
  return out;
}

struct KnownPatient {
  query::RecordEntry entry;
  std::string content;
};

/// Opens those who are not there yet.
Status add_patients(const Call& call, std::vector<query::RecordEntry> entries,
                    std::vector<KnownPatient>& out) {
  for (query::RecordEntry& entry : entries) {
    const auto same = [&](const KnownPatient& one) { return one.entry.id == entry.id; };
    if (std::ranges::any_of(out, same) || out.size() >= known_as_max) continue;
    auto opened = call.organisation.records().open(entry);
    if (!opened.ok() && opened.error().code == ErrorCode::record_erased) continue;
    if (!opened.ok()) return opened.error();
    out.push_back({std::move(entry), std::move(opened->content)});
  }
  return {};
}

Result<json::Document> patient_in(const KnownPatient& one) {
  json::Limits bounds;
  bounds.bytes_max = one.content.size() + 1;
  return json::parse(one.content, bounds);
}

/// Those whom the identifier names, and those linked with them, whom the requester may know.
Result<std::vector<KnownPatient>> patients_known(const Call& call, custody::Viewer& viewer,
                                                 const std::string& source) {
  XL_TRY_ASSIGN(query::SearchCriterion criterion,
                query::read_criterion("Patient", "identifier", source));
  query::Query query;
  query.type = "Patient";
  query.criteria.push_back(std::move(criterion));
  query.count = known_as_max;
  query.total = query::Total::none;
  XL_TRY_ASSIGN(query.allowed.patients, viewer.patients({}));
  query.allowed.record = [&](const query::RecordEntry& entry) { return viewer.allows(entry); };
  XL_TRY_ASSIGN(query::IndexPage page, call.organisation.stores().index().search(query));
  std::vector<KnownPatient> out;
  XL_TRY(add_patients(call, std::move(page.entries), out));
  const query::OwnNames own = own_names(call);
  for (std::size_t i = 0; i < out.size(); ++i) {
    XL_TRY_ASSIGN(const json::Document document, patient_in(out[i]));
    std::vector<query::RecordEntry> linked;
    for (const json::Value link : document.root().find("link").items()) {
      const std::string name =
          own_record(own, link.find("other").find("reference").as_string().value_or(""));
      if (!name.starts_with("Patient/")) continue;
      XL_TRY_ASSIGN(auto other, call.organisation.records().current("Patient", name.substr(8)));
      if (other && !other->deleted && viewer.allows(*other)) linked.push_back(std::move(*other));
    }
    XL_TRY(add_patients(call, std::move(linked), out));
  }
  return out;
}

void write_identifiers(json::Writer& out, json::Value patient, const PixWish& wish) {
  for (const json::Value one : patient.find("identifier").items()) {
    const std::string system(one.find("system").as_string().value_or(""));
    const std::string value(one.find("value").as_string().value_or(""));
    const std::string name = query::protected_value(system) + "|" + query::protected_value(value);
    if (system.empty() || value.empty() || name == wish.source) continue;
    if (!wish.systems.empty() && !wish.systems.contains(system)) continue;
    out.begin_object().key("name").string("targetIdentifier").key("valueIdentifier");
    out.value(one).end_object();
  }
}

}  // namespace

http::Response cross_reference(const Call& call) {
  const EvenTime begun;
  const auto wish = read_pix(call);
  if (!wish.ok()) return refusal(wish.error());
  auto ask = ask_of(call, contracts::consent::Action::search);
  if (!ask.ok()) return refusal(ask.error());
  auto viewer = open_viewer(call, std::move(*ask));
  if (!viewer.ok()) return refusal(viewer.error());
  const custody::ReadsInFlight::Guard reading(call.organisation.stores().reads());
  const auto known = patients_known(call, *viewer, wish->source);
  if (!known.ok()) return refusal(known.error());
  std::vector<query::RecordEntry> shown;
  for (const KnownPatient& one : *known) shown.push_back(one.entry);
  const Status served = viewer->serve_listing(shown, pix_action, "Patient/$ihe-pix", true);
  if (!served.ok()) return refusal(served.error());
  if (known->empty()) {
    begun.wait(call);
    return refusal(make_error(ErrorCode::fhir_not_found));
  }
  json::Writer out;
  out.begin_object().key("resourceType").string("Parameters").key("parameter").begin_array();
  for (const KnownPatient& one : *known) {
    if (wish->systems.empty()) {
      out.begin_object().key("name").string("targetId").key("valueReference").begin_object();
      out.key("reference").string(call.base + "/" + path_of(one.entry)).end_object().end_object();
    }
    const auto document = patient_in(one);
    if (!document.ok()) return refusal(document.error());
    write_identifiers(out, document->root(), *wish);
  }
  out.end_array().end_object();
  return reply(out.take());
}

}  // namespace xl::gateway::fhir
