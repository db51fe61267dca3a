// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/scope.h"

#include <algorithm>

#include "base/json/json.h"
#include "gateway/fhir/own.h"
#include "gateway/fhir/rehearsal.h"
#include "model/limits.h"
#include "query/term_match.h"

namespace xl::gateway::fhir {

using smart::ResourceScope;
using smart::ScopeContext;

namespace {

/// What an app needs for a request: permissions for a type; an empty type is every type.
struct Need {
  std::string_view type;
  std::uint8_t permissions = 0;
};

Need need_of_get(const std::vector<std::string_view>& at) {
  if (at.size() == 1 && at[0] == "_history") return {"*", smart::may_search};
  if (at.empty()) return {"*", smart::may_search};
  if (at.back() == "$access-log") return {"AuditEvent", smart::may_search};
  // `Patient/7/Observation` and `Patient/7/*` are searches.
  const bool compartment =
      at.size() == 3 && at[0] == "Patient" && at[2] != "_history" && !at[2].starts_with('$');
  if (compartment) return {at[2], smart::may_search};
  if (at.back() == "$see-as" || at.back() == "$explain") return {"*", smart::may_read};
  if (at.back() == "$ihe-pix") return {"Patient", smart::may_search};
  const bool of_type = at.size() == 1 || (at.size() == 2 && at[1] == "_history");
  return {at[0], of_type ? smart::may_search : smart::may_read};
}

std::optional<Need> need_of_post(const Call& call) {
  const auto& at = call.segments;
  if (at.back() == "$validate") return std::nullopt;  // which keeps nothing
  if (at.size() == 1 && at[0] == "_search") return Need{"*", smart::may_search};
  if (at.size() == 4 && at[3] == "_search") return Need{at[2], smart::may_search};
  if (at.back() == "_search" || at.back() == "$match" || at.back() == "$ihe-pix")
    return Need{at[0], smart::may_search};
  // A preview shows the patient's own records, of every type.
  if (at.back() == "$see-as" || at.back() == "$explain") return Need{"*", smart::may_read};
  if (at.back() == "$prepare") return Need{at[0], smart::may_create};
  if (at.back() == "$gather") return Need{"*", smart::may_read};
  if (at.back() == "$erase") return Need{at[0] == "Patient" ? "*" : at[0], smart::may_delete};
  if (at.back() == "$everything") return Need{at[0], smart::may_read};
  if (at.back() == "$access-log") return Need{"AuditEvent", smart::may_search};
  if (at.back() == "$merge" || at.back() == "$unmerge") {
    return Need{at[0], smart::may_update | smart::may_read};
  }
  const bool conditional = !call.request.header("if-none-exist").empty();
  return Need{at[0],
              static_cast<std::uint8_t>(smart::may_create | (conditional ? smart::may_search : 0))};
}

/// A Bundle needs nothing itself: each of its entries does. Who writes under a condition learns
/// whether something meets it.
std::optional<Need> need_of(const Call& call) {
  const std::string& method = call.request.method;
  const auto& at = call.segments;
  if (method == "GET" || method == "HEAD") return need_of_get(at);
  if (at.empty()) return std::nullopt;
  if (method == "POST") return need_of_post(call);
  Need need{at[0], smart::may_update};
  if (method == "PATCH") need.permissions = smart::may_update | smart::may_read;
  if (method == "DELETE") need.permissions = smart::may_delete;
  if (at.size() == 1) need.permissions |= smart::may_search;
  return need;
}

/// The permission that makes a record visible in the answer to this call.
std::uint8_t showing_permission(const Call& call) {
  const auto need = need_of(call);
  const bool searches = need && (need->permissions & smart::may_search) != 0;
  return searches ? smart::may_search : smart::may_read;
}

/// `fhirUser` lets an app read the record of who signed in, and nothing else (SMART §5.3).
bool reads_fhir_user(const Call& call) {
  const auto& at = call.segments;
  const bool reads = call.request.method == "GET" || call.request.method == "HEAD";
  return call.grant->scopes.fhir_user && reads && at.size() == 2 &&
         std::string(at[0]) + "/" + std::string(at[1]) == call.grant->fhir_user;
}

Status check_need(const auth::Grant& grant, const Need& need) {
  if (grant.scopes.allow(need.type, need.permissions)) return {};
  return make_error(
      ErrorCode::scope_insufficient,
      "needed: " +
          smart::scope_text({ScopeContext::user, std::string(need.type), need.permissions, {}}));
}

/// What is about nobody (places, staff, products) is read under a patient's scope, never written.
bool is_about(const Call& call, const ResourceScope& scope, const model::Id& patient,
              std::uint8_t permissions) {
  if (scope.context != ScopeContext::patient || call.grant->patient_did == patient) return true;
  constexpr std::uint8_t looking = smart::may_read | smart::may_search;
  return patient == call.organisation.stores().directory() && (permissions & ~looking) == 0;
}

bool meets(const Call& call, const std::vector<query::Term>& terms, const ResourceScope& scope) {
  const query::OwnNames own = own_names(call);
  return std::all_of(scope.constraints.begin(), scope.constraints.end(), [&](const auto& one) {
    const auto criterion = query::read_criterion(scope.type, one.first, one.second, own);
    return criterion.ok() && query::meets(scope.type, terms, *criterion);
  });
}

/// What a kept version can be found by; nothing when it cannot be read: then nothing is met.
std::vector<query::Term> terms_of_kept(const Call& call, const query::RecordEntry& entry) {
  if (entry.deleted) return {};
  if (const auto* version = rehearsed(call, entry)) return version->entry.terms;
  const auto opened = call.organisation.records().open(entry);
  if (!opened.ok()) return {};
  json::Limits bounds;
  bounds.bytes_max = limits::record_bytes_max;
  const auto document = json::parse(opened->content, bounds);
  if (!document.ok()) return {};
  auto terms = query::terms_of(document->root(), query::own_path_of(call.organisation.did()));
  if (!terms.ok()) return {};
  return std::move(*terms);
}

/// Does one of the scopes with one of `permissions` reach this version? `terms` are asked for only
/// where it depends on them.
template <typename Terms>
bool reaches(const Call& call, const query::RecordEntry& entry, std::uint8_t permissions,
             const Terms& terms) {
  std::optional<std::vector<query::Term>> known;
  for (const ResourceScope& scope : call.grant->scopes.resources) {
    if ((scope.permissions & permissions) == 0) continue;
    if (scope.type != "*" && scope.type != entry.type) continue;
    if (!is_about(call, scope, entry.patient, permissions)) continue;
    if (scope.constraints.empty()) return true;
    if (!known) known = terms();
    if (meets(call, *known, scope)) return true;
  }
  return false;
}

}  // namespace

Status check_scope(const Call& call) {
  if (!call.grant) return {};
  if (call.grant->organisation != call.organisation.did()) {
    return make_error(ErrorCode::scope_insufficient, "the token is for another organisation");
  }
  if (reads_fhir_user(call)) return {};
  const auto need = need_of(call);
  return need ? check_need(*call.grant, *need) : Status{};
}

Status check_written_scope(const Call& call, const query::RecordEntry& version,
                           const query::RecordEntry* before, bool by_put) {
  if (!call.grant) return {};
  const bool replacing = before != nullptr && !before->deleted;
  const std::uint8_t permission = version.deleted       ? smart::may_delete
                                  : replacing || by_put ? smart::may_update
                                                        : smart::may_create;
  const auto given = [&] { return version.terms; };
  const auto kept = [&] { return terms_of_kept(call, *before); };
  const bool new_one = version.deleted || reaches(call, version, permission, given);
  const bool old_one = !replacing || reaches(call, *before, permission, kept);
  if (new_one && old_one) return {};
  return make_error(ErrorCode::scope_insufficient, "this record is outside the app's scopes");
}

bool shows(const Call& call, const query::RecordEntry& entry) {
  if (!call.grant || reads_fhir_user(call)) return true;
  return reaches(call, entry, showing_permission(call), [&] { return terms_of_kept(call, entry); });
}

std::optional<model::Id> only_patient_of(const Call& call) {
  if (!call.grant || reads_fhir_user(call)) return std::nullopt;
  const std::string_view type = call.segments.empty() ? std::string_view("*") : call.segments[0];
  const bool any = type == "*" || type == "_history";
  for (const ResourceScope& scope : call.grant->scopes.resources) {
    const bool concerns = any || scope.type == "*" || scope.type == type;
    if (concerns && scope.context != ScopeContext::patient) return std::nullopt;
  }
  return call.grant->patient_did;
}

std::vector<std::pair<std::string, std::string>> with_constraints(
    const Call& call, std::string_view type,
    std::vector<std::pair<std::string, std::string>> parameters) {
  if (!call.grant || type.empty()) return parameters;
  const ResourceScope* only = nullptr;
  for (const ResourceScope& scope : call.grant->scopes.resources) {
    if ((scope.permissions & smart::may_search) == 0) continue;
    if (scope.type != "*" && scope.type != type) continue;
    if (only != nullptr) return parameters;  // one or the other: no parameter says that
    only = &scope;
  }
  if (only == nullptr) return parameters;
  for (const auto& one : only->constraints) {
    if (std::find(parameters.begin(), parameters.end(), one) == parameters.end()) {
      parameters.push_back(one);
    }
  }
  return parameters;
}

}  // namespace xl::gateway::fhir
