// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error_code.h"

namespace xl::fhir {

/// http://hl7.org/fhir/issue-severity
enum class Severity : std::uint8_t { fatal, error, warning, information };

/// http://hl7.org/fhir/issue-type
enum class IssueType : std::uint8_t {
  invalid,
  structure,
  required,
  value,
  invariant,
  security,
  login,
  unknown,
  expired,
  forbidden,
  suppressed,
  processing,
  not_supported,
  duplicate,
  multiple_matches,
  not_found,
  deleted,
  too_long,
  code_invalid,
  extension,
  too_costly,
  business_rule,
  conflict,
  transient,
  lock_error,
  no_store,
  exception,
  timeout,
  incomplete,
  throttled,
  informational
};

/// The code of a severity (`error`).
[[nodiscard]] std::string_view severity_code(Severity severity);

/// The code of an issue type (`code-invalid`).
[[nodiscard]] std::string_view issue_type_code(IssueType type);

/// One finding about a resource. It never holds a value of the resource, which is health data: only
/// names of elements, types and expected forms.
struct Issue {
  Severity severity = Severity::error;
  IssueType code = IssueType::invalid;
  ErrorCode error{};
  std::string expression;   ///< FHIRPath of the element: `Observation.component[1].code`; or empty
  std::string diagnostics;  ///< one English sentence for developers, or empty
};

}  // namespace xl::fhir
