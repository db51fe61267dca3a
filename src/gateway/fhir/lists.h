// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>
#include <vector>

#include "gateway/fhir/face.h"
#include "query/record_index.h"

/// Searches in what a List holds (`_list`, R4 §3.1.1.5.9).
namespace xl::gateway::fhir {

constexpr std::string_view list_parameter = "_list";

/// Reads `_list=id[,id…]`: what stands in one of these. Errors: search_value_invalid,
/// search_modifier_unsupported, fhir_parameter_unsupported (a functional list, `$current-…`).
[[nodiscard]] Result<query::SearchCriterion> read_list(std::string_view name,
                                                       std::string_view value);

/// Gives each `_list` among the criteria what stands in its Lists. Each List is read, and so
/// decided about and recorded, as if it had been asked for; a refusal when one may not be.
[[nodiscard]] std::optional<http::Response> open_lists(
    const Call& call, std::vector<query::SearchCriterion>& criteria);

}  // namespace xl::gateway::fhir
