// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/fhir/face.h"

namespace xl::gateway::fhir {

using Parameters = std::vector<std::pair<std::string, std::string>>;

/// Where a search looks.
struct SearchPlace {
  std::string_view type;     ///< empty: in all types
  std::string_view patient;  ///< id of the Patient whose compartment it is; empty: everywhere
};

/// `GET [Patient/id/][Type]?...`: a searchset Bundle, one page at a time.
[[nodiscard]] http::Response search(const Call& call, const SearchPlace& place,
                                    const Parameters& parameters);
/// `POST [Type/]_search`: the same with the parameters in the body, out of logs and links.
[[nodiscard]] http::Response search_by_form(const Call& call, const SearchPlace& place);
/// `GET Patient/id/$everything`: the patient's records of every type.
[[nodiscard]] http::Response everything(const Call& call, std::string_view patient);
/// `GET [Type/[id/]]_history`: versions of one record, one type, or all.
[[nodiscard]] http::Response history_of(const Call& call, std::string_view type,
                                        std::string_view id);

}  // namespace xl::gateway::fhir
