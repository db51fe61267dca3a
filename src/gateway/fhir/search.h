// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "gateway/fhir/page.h"

namespace xl::gateway::fhir {

/// Records as `Type/id`.
using RecordNames = std::set<std::string, std::less<>>;

/// Where a search looks.
struct SearchPlace {
  std::string_view type;     ///< empty: in all types
  std::string_view patient;  ///< id of the Patient whose compartment it is; empty: everywhere
};

/// What came before the kept records in the answer to a search (`views.h`).
struct KeptPart {
  std::uint64_t total_before = 0;
  std::string cursor;   ///< of the index; empty: its first page
  std::string address;  ///< of this page
  std::function<std::string(const std::string& cursor)> next;  ///< of the page at a cursor
};

/// `GET [Patient/id/][Type]?...`: a searchset Bundle, one page at a time. What the ledger shows of
/// the type comes first (`views.h`).
[[nodiscard]] http::Response search(const Call& call, const SearchPlace& place,
                                    const Parameters& parameters);
/// The same of what is kept alone; `part` (may be null) says what came before.
[[nodiscard]] http::Response search_kept(const Call& call, const SearchPlace& place,
                                         const Parameters& parameters,
                                         const KeptPart* part = nullptr);
/// How many records `search_kept` finds on all its pages. Errors: those of the search; what refuses
/// it as a whole counts nothing.
[[nodiscard]] Result<std::uint64_t> count_kept(const Call& call, const SearchPlace& place,
                                               const Parameters& parameters);
/// `POST [Type/]_search`: the same with the parameters in the body, out of logs and links.
[[nodiscard]] http::Response search_by_form(const Call& call, const SearchPlace& place);
/// The one record of a type that a condition (`identifier=urn:x|1`, as parameters) means, among
/// those that the requester may know and that are not `gone`; nothing when there is none. Errors:
/// fhir_match_ambiguous, those of `criteria_of`.
[[nodiscard]] Result<std::optional<query::RecordEntry>> only_match(const Call& call,
                                                                   std::string_view type,
                                                                   const Parameters& condition,
                                                                   const RecordNames& gone = {});
/// What a condition for records of a type asks. Errors: fhir_condition_empty,
/// fhir_parameter_unsupported, those of reading a search.
[[nodiscard]] Result<std::vector<query::SearchCriterion>> criteria_of(const Call& call,
                                                                      std::string_view type,
                                                                      const Parameters& condition);
/// The parameters of a condition as `If-None-Exist` writes it. Errors: fhir_condition_empty.
[[nodiscard]] Result<Parameters> read_condition(std::string_view text);
/// Keeps others with the same condition away until it is done with, so that none of them finds
/// nothing while another one creates. `texts`: each type with its condition. Errors: custody_busy.
[[nodiscard]] Result<custody::RecordStore::Hold> hold_conditions(const Call& call,
                                                                 std::vector<std::string> texts);
/// A condition as a text, `Patient?identifier=1`: the same for the same parameters and values in
/// any order.
[[nodiscard]] std::string condition_text(std::string_view type, Parameters condition);

}  // namespace xl::gateway::fhir
