// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/fhir/face.h"
#include "query/record_index.h"

namespace xl::gateway::fhir {

/// What a listing's answer is made of.
struct Listing {
  std::string_view bundle_type;  ///< `searchset` or `history`
  std::string_view action;       ///< for the journal
  query::IndexPage page;
  bool with_total = true;
  std::string self;         ///< URL of this page
  std::string next;         ///< of the next one, empty on the last
  std::string query;        ///< what was asked, for the journal
  bool of_patients = true;  ///< it may be about patients
};

/// Page size and cursor of a request. Errors: parameter_invalid.
struct PageWish {
  std::size_t count = 50;
  std::string cursor;
};
[[nodiscard]] Result<PageWish> page_wish(
    const std::vector<std::pair<std::string, std::string>>& parameters);

/// Journals the entries and puts them into a Bundle. Nothing is sent when that fails.
[[nodiscard]] http::Response serve_listing(const Call& call, custody::Viewer& viewer,
                                           const Listing& listing);

}  // namespace xl::gateway::fhir
