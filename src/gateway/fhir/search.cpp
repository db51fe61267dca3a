// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/search.h"

#include <algorithm>
#include <array>

#include "gateway/fhir/draft.h"
#include "gateway/fhir/page.h"
#include "gateway/fhir/read.h"
#include "gateway/fhir/reply.h"
#include "query/fhir_terms.h"

namespace xl::gateway::fhir {

namespace consent = contracts::consent;

namespace {

constexpr std::array<std::string_view, 5> controls = {"_count", "_cursor", "_format", "_pretty",
                                                      "_total"};

bool is_control(std::string_view name) {
  return std::find(controls.begin(), controls.end(), name) != controls.end();
}

/// Splits at commas that no backslash protects, and takes the backslashes away (R4 §3.1.1.4.2).
std::vector<std::string> split_values(std::string_view text) {
  std::vector<std::string> out(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ',') {
      out.emplace_back();
      continue;
    }
    // `|` and `$` stay protected: they mean something inside one value.
    if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == ',' || text[i + 1] == '\\')) ++i;
    out.back() += text[i];
  }
  return out;
}

/// The reference without the address of this server, so that both ways to write it mean one thing.
std::string without_base(const Call& call, std::string value) {
  if (value.starts_with(call.base + "/")) value.erase(0, call.base.size() + 1);
  const std::string own = query::own_path_of(call.organisation.did());
  const std::size_t at = value.find(own);
  if (at != std::string::npos && value.starts_with("http")) value.erase(0, at + own.size());
  return value;
}

Result<std::vector<query::SearchCriterion>> criteria_of(const Call& call, std::string_view type,
                                                        const Parameters& parameters) {
  std::vector<query::SearchCriterion> out;
  for (const auto& [name, text] : parameters) {
    if (is_control(name)) continue;
    if (name.find_first_of(":.") != std::string::npos || name.starts_with("_has")) {
      return make_error(ErrorCode::fhir_parameter_unsupported,
                        shown_name(name) + ": modifiers and chains are not supported");
    }
    const auto parameter = query::search_parameter(type, name);
    if (!parameter) {
      return make_error(ErrorCode::fhir_parameter_unsupported,
                        shown_name(name) + ": not a parameter of this search");
    }
    query::SearchCriterion criterion{name, {}};
    for (std::string& value : split_values(text)) {
      if (parameter->kind == query::SearchKind::reference) value = without_base(call, value);
      auto one = query::search_value(parameter->kind, value);
      if (!one.ok()) return make_error(one.error().code, name);
      criterion.values.push_back(std::move(*one));
    }
    out.push_back(std::move(criterion));
  }
  return out;
}

/// The one patient that a search is about, when it says so.
std::optional<model::Id> named_patient(const Call& call, std::string_view type,
                                       const std::vector<query::SearchCriterion>& criteria) {
  for (const query::SearchCriterion& criterion : criteria) {
    const bool names = criterion.name == "patient" || criterion.name == "subject" ||
                       criterion.name == "beneficiary" ||
                       (type == "Patient" && criterion.name == "_id");
    if (!names || criterion.values.size() != 1) continue;
    std::string_view id = criterion.values[0].text;
    if (id.starts_with("Patient/")) id.remove_prefix(8);
    const auto found = call.organisation.stores().index().current("Patient", id);
    // Somebody who is not there: a pseudonym of nobody, so that the search finds nothing.
    return found.ok() ? found->patient : model::Id{};
  }
  return std::nullopt;
}

std::string query_text(const Parameters& parameters, const std::string& cursor) {
  std::string out;
  const auto add = [&](std::string_view name, std::string_view value) {
    out +=
        (out.empty() ? "?" : "&") + http::percent_encode(name) + "=" + http::percent_encode(value);
  };
  for (const auto& [name, value] : parameters) {
    if (name != "_cursor") add(name, value);
  }
  if (!cursor.empty()) add("_cursor", cursor);
  return out;
}

Result<custody::Viewer> viewer_for(const Call& call) {
  XL_TRY_ASSIGN(custody::Ask ask, ask_of(call, consent::Action::search));
  return call.organisation.desk().open(std::move(ask));
}

std::string current_cursor(const Parameters& parameters) {
  for (const auto& [name, value] : parameters) {
    if (name == "_cursor") return value;
  }
  return {};
}

}  // namespace

http::Response search(const Call& call, const Parameters& parameters) {
  const std::string_view type = call.segments[0];
  const auto wish = page_wish(parameters);
  if (!wish.ok()) return refusal(wish.error());
  auto criteria = criteria_of(call, type, parameters);
  if (!criteria.ok()) return refusal(criteria.error());
  auto viewer = viewer_for(call);
  if (!viewer.ok()) return refusal(viewer.error());
  const auto named = named_patient(call, type, *criteria);
  auto patients = viewer->patients(named);
  if (!patients.ok()) return refusal(patients.error());

  query::Query wanted;
  wanted.type = type;
  wanted.criteria = std::move(*criteria);
  wanted.count = wish->count;
  wanted.cursor = wish->cursor;
  wanted.allowed.patients = std::move(*patients);
  wanted.allowed.record = [&](const query::RecordEntry& entry) { return viewer->allows(entry); };
  const auto look = [&](std::size_t count) {
    wanted.count = count;
    return call.organisation.stores().index().search(wanted);
  };
  const std::string address = call.base + "/" + std::string(type);
  Listing listing{
      "searchset",
      "search",
      look,
      wish->count,
      true,
      address + query_text(parameters, wish->cursor),
      [&](const std::string& cursor) { return address + query_text(parameters, cursor); },
      std::string(type) + query_text(parameters, {}),
      !is_directory_type(type),
      named.has_value()};
  return serve_listing(call, *viewer, std::move(listing));
}

http::Response search_by_form(const Call& call) {
  http::Request form;
  if (!call.request.header("content-type").starts_with("application/x-www-form-urlencoded")) {
    return refusal(make_error(ErrorCode::media_type_unsupported));
  }
  if (!http::split_target("/?" + call.request.body, form)) {
    return refusal(make_error(ErrorCode::request_malformed));
  }
  Parameters all = call.request.query;
  all.insert(all.end(), form.query.begin(), form.query.end());
  return search(call, all);
}

http::Response everything(const Call& call, std::string_view patient) {
  const Parameters& parameters = call.request.query;
  const Status known = only_parameters(parameters, controls, "$everything");
  if (!known.ok()) return refusal(known.error());
  auto wish = page_wish(parameters);
  if (!wish.ok()) return refusal(wish.error());
  if (!call.request.parameter("_count")) wish->count = query::index_page_max;
  auto viewer = viewer_for(call);
  if (!viewer.ok()) return refusal(viewer.error());
  const auto subject = call.organisation.stores().index().current("Patient", patient);
  const bool there = subject.ok() && !subject->deleted && viewer->allows(*subject);
  if (!there)
    return read_whatever_asked(call, "Patient", patient);  // refused and recorded as any read
  query::HistoryQuery wanted;
  wanted.count = wish->count;
  wanted.cursor = wish->cursor;
  const auto prepared = viewer->patients(subject->patient);
  if (!prepared.ok()) return refusal(prepared.error());
  wanted.current_only = true;
  wanted.allowed.patients = std::vector{subject->patient};
  wanted.allowed.record = [&](const query::RecordEntry& entry) { return viewer->allows(entry); };
  const auto look = [&](std::size_t count) {
    wanted.count = count;
    return call.organisation.stores().index().history(wanted);
  };
  const std::string address = call.base + "/Patient/" + std::string(patient) + "/$everything";
  Listing listing{
      "searchset",
      "everything",
      look,
      wish->count,
      false,
      address + query_text(parameters, wish->cursor),
      [&](const std::string& cursor) { return address + query_text(parameters, cursor); },
      {},
      true};
  return serve_listing(call, *viewer, std::move(listing));
}

http::Response history_of(const Call& call, std::string_view type, std::string_view id) {
  const Parameters& parameters = call.request.query;
  const Status known = only_parameters(parameters, controls, "a history");
  if (!known.ok()) return refusal(known.error());
  const auto wish = page_wish(parameters);
  if (!wish.ok()) return refusal(wish.error());
  auto viewer = viewer_for(call);
  if (!viewer.ok()) return refusal(viewer.error());
  std::optional<model::Id> named;
  if (!id.empty()) {
    const auto current = call.organisation.stores().index().current(type, id);
    // As a read of something that is not there, or that may not be known, answers.
    if (!current.ok() || !viewer->allows(*current)) return read_whatever_asked(call, type, id);
    named = current->patient;
  }
  auto patients = viewer->patients(named);
  if (!patients.ok()) return refusal(patients.error());
  query::HistoryQuery wanted;
  wanted.type = type;
  wanted.id = id;
  wanted.count = wish->count;
  wanted.cursor = wish->cursor;
  wanted.allowed.patients = std::move(*patients);
  wanted.allowed.record = [&](const query::RecordEntry& entry) { return viewer->allows(entry); };
  const auto look = [&](std::size_t count) {
    wanted.count = count;
    return call.organisation.stores().index().history(wanted);
  };
  std::string address = call.base;
  if (!type.empty()) address += "/" + std::string(type);
  if (!id.empty()) address += "/" + std::string(id);
  address += "/_history";
  Listing listing{
      "history",
      "history",
      look,
      wish->count,
      true,
      address + query_text(parameters, current_cursor(parameters)),
      [&](const std::string& cursor) { return address + query_text(parameters, cursor); },
      address.substr(call.base.size() + 1) + query_text(parameters, {}),
      type.empty() || !is_directory_type(type)};
  return serve_listing(call, *viewer, std::move(listing));
}

}  // namespace xl::gateway::fhir
