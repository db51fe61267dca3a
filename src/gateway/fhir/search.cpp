// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/search.h"

#include <algorithm>
#include <array>
#include <utility>

#include "fhir/definitions.h"
#include "gateway/fhir/draft.h"
#include "gateway/fhir/lists.h"
#include "gateway/fhir/named.h"
#include "gateway/fhir/own.h"
#include "gateway/fhir/page.h"
#include "gateway/fhir/read.h"
#include "gateway/fhir/rehearsal.h"
#include "gateway/fhir/reply.h"
#include "gateway/fhir/scope.h"
#include "gateway/fhir/views.h"
#include "query/search_text.h"

namespace xl::gateway::fhir {

namespace consent = contracts::consent;

namespace {

constexpr std::size_t includes_max = 16;
constexpr std::array<std::string_view, 4> page_controls = {"_count", "_cursor", "_format",
                                                           "_pretty"};

bool is_page_control(std::string_view name) {
  return std::find(page_controls.begin(), page_controls.end(), name) != page_controls.end();
}

bool is_include(std::string_view name) {
  const std::string_view plain = name.substr(0, name.find(':'));
  return plain == "_include" || plain == "_revinclude";
}

/// A search as the parameters say it.
struct SearchWish {
  query::Query query;
  std::vector<query::Include> includes;
  Part part;
  Parameters used;  ///< as the self link names them
};

Status read_types(std::string_view text, SearchWish& out) {
  for (const std::string_view type : query::split_protected(text, ',')) {
    if (!xl::fhir::is_resource_type(type)) return make_error(ErrorCode::fhir_type_unknown, "_type");
    out.query.types.emplace_back(type);
  }
  return {};
}

/// One parameter of a search. False when it is none of those that shape the answer.
Result<bool> read_control(std::string_view name, std::string_view value, SearchWish& out) {
  XL_TRY_ASSIGN(const bool of_part, read_part(name, value, out.part));
  if (of_part) return true;
  if (name == "_total") {
    XL_TRY_ASSIGN(out.query.total, read_total(value));
  } else if (name == "_type" && out.query.type.empty()) {
    XL_TRY(read_types(value, out));
  } else if (name == "_contained" && value == "false") {
    return true;
  } else if (name == "_sort") {
    XL_TRY_ASSIGN(out.query.sort, query::read_sort(out.query.type, value));
  } else if (is_include(name)) {
    XL_TRY_ASSIGN(query::Include one, query::read_include(name, value));
    out.includes.push_back(std::move(one));
    if (out.includes.size() > includes_max) {
      return make_error(ErrorCode::search_too_complex, "_include");
    }
  } else {
    return false;
  }
  return true;
}

/// What becomes of parameters that are not known.
enum class Unknown { refused, left_out };

/// A search may leave them out, where the requester asks for that; a condition never, which would
/// come to mean more records.
Unknown unknown_wish(const Call& call) {
  const bool lenient =
      call.request.header("prefer").find("handling=lenient") != std::string_view::npos;
  return lenient ? Unknown::left_out : Unknown::refused;
}

/// Reads a search. Errors: search_parameter_unknown,
/// search_modifier_unsupported, search_value_invalid, search_too_complex, parameter_invalid.
Result<SearchWish> read_wish(const Call& call, std::string_view type, const Parameters& parameters,
                             Unknown unknown) {
  const query::OwnNames own = own_names(call);
  SearchWish out;
  out.query.type = type;
  // `_type` says what the others are read for.
  for (const auto& [name, value] : parameters) {
    if (name == "_type" && type.empty()) XL_TRY(read_types(value, out));
  }
  if (out.query.types.size() == 1) out.query.type = std::exchange(out.query.types, {}).front();
  for (const auto& [name, value] : parameters) {
    if (name == "_type" && type.empty()) {
      out.used.emplace_back(name, value);
      continue;
    }
    if (!is_page_control(name)) {
      auto known = read_control(name, value, out);
      if (known.ok() && !*known) {
        const bool by_list = name.substr(0, name.find(':')) == list_parameter;
        auto criterion = by_list ? read_list(name, value)
                                 : query::read_criterion(out.query.type, name, value, own);
        if (criterion.ok()) {
          out.query.criteria.push_back(std::move(*criterion));
        } else {
          known = criterion.error();
        }
      }
      if (!known.ok()) {
        const bool passed_over = unknown == Unknown::left_out &&
                                 known.error().code == ErrorCode::search_parameter_unknown;
        if (passed_over) continue;
        return known.error();
      }
    }
    if (name != "_cursor") out.used.emplace_back(name, value);
  }
  return out;
}

Result<custody::Viewer> viewer_for(const Call& call) {
  XL_TRY_ASSIGN(custody::Ask ask, ask_of(call, consent::Action::search));
  return open_viewer(call, std::move(ask));
}

}  // namespace

namespace {

/// A search, ready to be looked for.
struct ReadySearch {
  PageWish page;
  SearchWish wish;
  std::optional<custody::Viewer> viewer;
  Named named;
};

/// Makes a search ready; what refuses it.
std::optional<http::Response> make_ready(const Call& call, const SearchPlace& place,
                                         const Parameters& parameters, ReadySearch& out) {
  auto page = page_wish(parameters);
  if (!page.ok()) return refusal(page.error());
  out.page = std::move(*page);
  auto wish = read_wish(call, place.type, with_constraints(call, place.type, parameters),
                        unknown_wish(call));
  if (!wish.ok()) return refusal(wish.error());
  out.wish = std::move(*wish);
  auto viewer = viewer_for(call);
  if (!viewer.ok()) return refusal(viewer.error());
  out.viewer.emplace(std::move(*viewer));
  query::Query& wanted = out.wish.query;
  if (auto refused = open_lists(call, wanted.criteria)) return std::move(*refused);
  auto named = place.patient.empty() ? name_patients(call, wanted)
                                     : look_in_compartment(call, place.patient, wanted);
  if (!named.ok()) return refusal(named.error());
  out.named = std::move(*named);
  auto patients = allowed_patients(*out.viewer, out.named, wanted);
  if (!patients.ok()) return refusal(patients.error());
  wanted.cursor = out.page.cursor;
  wanted.allowed.patients = std::move(*patients);
  wanted.allowed.record = [&out](const query::RecordEntry& entry) {
    return out.viewer->allows(entry);
  };
  return std::nullopt;
}

std::string path_of_search(const SearchPlace& place) {
  std::string path;
  if (!place.patient.empty()) path = "Patient/" + std::string(place.patient);
  if (!place.type.empty()) path += (path.empty() ? "" : "/") + std::string(place.type);
  if (!place.patient.empty() && place.type.empty()) path += "/*";
  return path;
}

}  // namespace

http::Response search(const Call& call, const SearchPlace& place, const Parameters& parameters) {
  if (auto shown = search_views(call, place, parameters)) return std::move(*shown);
  return search_kept(call, place, parameters);
}

Result<std::uint64_t> count_kept(const Call& call, const SearchPlace& place,
                                 const Parameters& parameters) {
  ReadySearch ready;
  if (make_ready(call, place, parameters, ready)) return std::uint64_t{0};
  query::Query& wanted = ready.wish.query;
  wanted.cursor.clear();
  wanted.count = 1;
  wanted.total = query::Total::accurate;
  XL_TRY_ASSIGN(const query::IndexPage page, call.organisation.stores().index().search(wanted));
  return page.total.value_or(0);
}

http::Response search_kept(const Call& call, const SearchPlace& place, const Parameters& parameters,
                           const KeptPart* part) {
  const EvenTime begun;
  ReadySearch ready;
  if (auto refused = make_ready(call, place, parameters, ready)) return std::move(*refused);
  const PageWish& page = ready.page;
  SearchWish& wish = ready.wish;
  query::Query& wanted = wish.query;
  if (part != nullptr) wanted.cursor = part->cursor;
  const bool counts = wish.part.count_only || page.none;
  if (counts || part != nullptr) wanted.total = query::Total::accurate;
  const auto look = [&](std::size_t count) {
    wanted.count = count;
    return call.organisation.stores().index().search(wanted);
  };
  const std::string path = path_of_search(place);
  const std::string address = path.empty() ? call.base : call.base + "/" + path;
  Listing listing{
      "searchset",
      "search",
      look,
      page.count,
      true,
      address + query_text(wish.used, page.cursor),
      [&](const std::string& cursor) { return address + query_text(wish.used, cursor); },
      path + query_text(wish.used, {}),
      place.type.empty() || !is_directory_type(place.type),
      ready.named.has_value()};
  if (part != nullptr) {
    listing.self = part->address;
    listing.next = part->next;
    listing.total_before = part->total_before;
  }
  listing.begun = begun;
  listing.part = std::move(wish.part);
  listing.part.count_only = counts;
  if (!wish.includes.empty()) {
    listing.include =
        [&](std::span<const query::RecordEntry> found) -> Result<std::vector<query::RecordEntry>> {
      query::Allowed allowed = wanted.allowed;
      XL_TRY_ASSIGN(allowed.patients, ready.viewer->beside(std::move(allowed.patients)));
      return call.organisation.stores().index().included(found, wish.includes, allowed);
    };
  }
  return serve_listing(call, *ready.viewer, std::move(listing));
}

http::Response search_by_form(const Call& call, const SearchPlace& place) {
  http::Request form;
  if (!call.request.header("content-type").starts_with("application/x-www-form-urlencoded")) {
    return refusal(make_error(ErrorCode::media_type_unsupported));
  }
  if (!http::split_target("/?" + call.request.body, form)) {
    return refusal(make_error(ErrorCode::request_malformed));
  }
  Parameters all = call.request.query;
  all.insert(all.end(), form.query.begin(), form.query.end());
  return search(call, place, all);
}

Result<Parameters> read_condition(std::string_view text) {
  http::Request parsed;
  const std::size_t mark = text.find('?');
  if (mark != std::string_view::npos) text.remove_prefix(mark + 1);
  if (text.empty()) return make_error(ErrorCode::fhir_condition_empty);
  if (!http::split_target("/?" + std::string(text), parsed)) {
    return make_error(ErrorCode::request_malformed);
  }
  return parsed.query;
}

std::string condition_text(std::string_view type, Parameters condition) {
  for (auto& [name, value] : condition) {
    std::vector<std::string_view> parts = query::split_protected(value, ',');
    std::sort(parts.begin(), parts.end());
    std::string sorted;
    for (const std::string_view one : parts) {
      sorted += (sorted.empty() ? "" : ",") + std::string(one);
    }
    value = std::move(sorted);
  }
  std::sort(condition.begin(), condition.end());
  condition.erase(std::unique(condition.begin(), condition.end()), condition.end());
  return std::string(type) + query_text(condition, {});
}

Result<custody::RecordStore::Hold> hold_conditions(const Call& call,
                                                   std::vector<std::string> texts) {
  return call.organisation.records().hold(std::move(texts));
}

namespace {

/// Errors: as `criteria_of`.
Result<SearchWish> wish_of_condition(const Call& call, std::string_view type,
                                     const Parameters& condition) {
  XL_TRY_ASSIGN(SearchWish wish, read_wish(call, type, condition, Unknown::refused));
  if (wish.query.criteria.empty()) return make_error(ErrorCode::fhir_condition_empty);
  const bool by_list = std::ranges::any_of(
      wish.query.criteria, [](const auto& one) { return one.name == list_parameter; });
  if (wish.query.criteria.size() != wish.used.size() || by_list) {
    return make_error(ErrorCode::fhir_parameter_unsupported,
                      "a condition has nothing but search parameters");
  }
  return wish;
}

}  // namespace

Result<std::vector<query::SearchCriterion>> criteria_of(const Call& call, std::string_view type,
                                                        const Parameters& condition) {
  XL_TRY_ASSIGN(SearchWish wish, wish_of_condition(call, type, condition));
  return std::move(wish.query.criteria);
}

Result<std::optional<query::RecordEntry>> only_match(const Call& call, std::string_view type,
                                                     const Parameters& condition,
                                                     const RecordNames& gone) {
  XL_TRY_ASSIGN(SearchWish wish, wish_of_condition(call, type, condition));
  XL_TRY_ASSIGN(custody::Viewer viewer, viewer_for(call));
  query::Query& wanted = wish.query;
  XL_TRY_ASSIGN(const Named named, name_patients(call, wanted));
  XL_TRY_ASSIGN(wanted.allowed.patients, allowed_patients(viewer, named, wanted));
  wanted.allowed.record = [&](const query::RecordEntry& entry) {
    return !gone.contains(path_of(entry)) && viewer.allows(entry);
  };
  wanted.total = query::Total::none;
  wanted.count = 1;
  XL_TRY_ASSIGN(query::IndexPage page, call.organisation.stores().index().search(wanted));
  if (!page.next_cursor.empty()) return make_error(ErrorCode::fhir_match_ambiguous);
  if (page.entries.empty()) return std::optional<query::RecordEntry>{};
  return std::optional(std::move(page.entries.front()));
}

}  // namespace xl::gateway::fhir
