// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <span>

#include "query/search_text.h"

/// Searches of one record that is at hand, as the index answers them for all.
namespace xl::query {

/// True for what `meets` can decide: one value of a token, a string, a reference, a URI or a date
/// with any prefix but `ap`, without modifier and chain, not `_id` nor `_lastUpdated`. Thread-safe.
[[nodiscard]] bool is_decidable(std::string_view type, const SearchCriterion& criterion);

/// Would a search with this criterion find a record of `type` with these terms? Precondition:
/// `is_decidable`, with each of its values if there are several. Linear in the terms. Thread-safe.
[[nodiscard]] bool meets(std::string_view type, std::span<const Term> terms,
                         const SearchCriterion& criterion);

}  // namespace xl::query
