// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstddef>
#include <vector>

#include "base/json/json.h"
#include "fhir/issue.h"

namespace xl::fhir {

/// Findings that one call gives at most; it stops there.
constexpr std::size_t issues_max = 50;
/// Objects inside each other; deeper is fhir_too_deep. Published examples stay far below.
constexpr std::size_t validate_depth_max = 64;

/// What `validate` may cost.
struct ValidateOptions {
  std::size_t issues_max = fhir::issues_max;
};

/// Judges a resource by the definitions of FHIR R4 (4.0.1), without profiles and without
/// terminology beyond the codes that R4 lists itself: type, elements, cardinality, choices, JSON
/// shape, forms and ranges of primitives, required bindings, narratives, extensions, contained
/// resources and local references, entries of Bundles and parameters, and the invariants of
/// invariants.def. Extensions are not looked up: any URL is fine. Gives nothing for a valid
/// resource; findings are errors, in document order, and never hold values of the resource.
///
/// Error codes: fhir_type_unknown, fhir_structure_invalid, fhir_element_unknown,
/// fhir_required_missing, fhir_cardinality, fhir_value_invalid, fhir_code_invalid,
/// fhir_invariant_broken, fhir_reference_unresolved, fhir_too_long, fhir_too_deep.
/// Linear in the size of the resource but for sorting of local references and full URLs.
/// Thread-safe. Source: R4 §2.4 (resources), §2.6.2 (JSON), §2.24 (data types).
[[nodiscard]] std::vector<Issue> validate(json::Value resource,
                                          const ValidateOptions& options = {});

}  // namespace xl::fhir
