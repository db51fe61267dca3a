// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/history.h"

#include <array>

#include "fhir/time.h"
#include "gateway/fhir/draft.h"
#include "gateway/fhir/page.h"
#include "gateway/fhir/read.h"
#include "gateway/fhir/rehearsal.h"
#include "gateway/fhir/reply.h"

namespace xl::gateway::fhir {
namespace {

constexpr std::array<std::string_view, 7> history_parameters = {
    "_count", "_cursor", "_format", "_pretty", "_total", "_since", "_at"};

/// Errors: parameter_invalid, fhir_parameter_unsupported.
Status read_wishes(const Parameters& parameters, query::HistoryQuery& out) {
  for (const auto& [name, value] : parameters) {
    if (name == "_since") {
      XL_TRY_ASSIGN(out.since_ms, since_of(value));
    } else if (name == "_at") {
      out.at = xl::fhir::time_range_of(value);
      if (!out.at) return make_error(ErrorCode::parameter_invalid, "_at");
    } else if (name == "_total") {
      XL_TRY_ASSIGN(out.total, read_total(value));
    }
  }
  return {};
}

}  // namespace

http::Response history_of(const Call& call, std::string_view type, std::string_view id) {
  const Parameters& parameters = call.request.query;
  const Status known = only_parameters(parameters, history_parameters, "a history");
  if (!known.ok()) return refusal(known.error());
  const auto wish = page_wish(parameters);
  if (!wish.ok()) return refusal(wish.error());
  query::HistoryQuery wanted;
  const Status read = read_wishes(parameters, wanted);
  if (!read.ok()) return refusal(read.error());
  if (wish->none) wanted.total = query::Total::accurate;
  auto ask = ask_of(call, contracts::consent::Action::search);
  if (!ask.ok()) return refusal(ask.error());
  auto viewer = open_viewer(call, std::move(*ask));
  if (!viewer.ok()) return refusal(viewer.error());
  std::vector<model::Id> named;
  if (!id.empty()) {
    // As a read of something that is not there, or that may not be known, answers.
    if (auto refused = refuse_unseen(call, *viewer, type, id)) return std::move(*refused);
    const auto current = current_entry(call, type, id);
    if (!current.ok()) return refusal(current.error());
    named.push_back(current->patient);
  }
  auto patients = viewer->patients(named, is_directory_type(type));
  if (!patients.ok()) return refusal(patients.error());
  wanted.type = type;
  wanted.id = id;
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
      address + query_text(parameters, wish->cursor),
      [&](const std::string& cursor) { return address + query_text(parameters, cursor); },
      address.substr(call.base.size() + 1) + query_text(parameters, {}),
      type.empty() || !is_directory_type(type)};
  listing.part.count_only = wish->none;
  return serve_listing(call, *viewer, std::move(listing));
}

}  // namespace xl::gateway::fhir
