// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "fhir/issue.h"

namespace xl::fhir {

/// The system of the codes (`XL4152`) in `issue.details`; with `:` and the code it is the `type` of
/// the ledger's problem documents.
constexpr std::string_view error_code_system = "urn:xinglin:error";

/// An OperationOutcome as compact JSON: one issue for each, with `details` naming the error's
/// number, its sentence and the registry's advice in English, and in 中文 by the standard
/// translation extension. Without issues it says that all is well (`informational`), since R4 wants
/// one at least. Thread-safe.
[[nodiscard]] std::string outcome_text(std::span<const Issue> issues);

/// As above for one error. `diagnostics` must not hold health data; where it is empty, the
/// registry's advice stands there.
[[nodiscard]] std::string outcome_text(ErrorCode error, IssueType type = IssueType::processing,
                                       std::string_view diagnostics = {});

/// As above; the message of the error, which is for people and free of health data, is the
/// diagnostics.
[[nodiscard]] std::string outcome_text(const Error& error, IssueType type = IssueType::processing);

}  // namespace xl::fhir
