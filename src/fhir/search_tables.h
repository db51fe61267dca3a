// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "fhir/search_parameters.h"

/// What tools/fhir/make_search.py writes and only search_parameters.cpp reads.
namespace xl::fhir::detail {

/// A resource type with its rows in `search_parameters`, sorted by code. Sorted by name.
struct SearchedType {
  std::string_view name;
  std::uint16_t first;
  std::uint16_t count;
};

extern const SearchParameter search_parameters[];
extern const std::string_view search_targets[];
extern const SearchComponent search_components[];
extern const SearchedType searched_types[];
extern const std::uint16_t searched_type_count;

}  // namespace xl::fhir::detail
