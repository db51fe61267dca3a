// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "base/json/json.h"
#include "fhir/definitions.h"

namespace xl::fhir::detail {

/// A rule of the definitions that is checked by its own FHIRPath expression, since invariants.def
/// has no row for it. tools/fhir/make_constraints.py writes them, sorted by path.
struct Constraint {
  std::string_view path;  ///< of the type, or of the element that has elements of its own
  std::string_view key;   ///< `tim-9`
  std::string_view expression;
  std::string_view words;  ///< as the definitions word it
};
extern const Constraint constraints[];
extern const std::size_t constraint_count;

/// Expressions evaluated for one resource: a StructureDefinition of 4 MB has more elements than
/// anybody should pay for. What is left is not judged.
constexpr std::size_t expressions_max = 20'000;

/// Tells `broken` of each constraint that an object of `type` breaks; `resource` is the one it
/// stands in. A constraint whose expression cannot be evaluated, or takes too many steps, is not
/// judged. How many were evaluated. Thread-safe.
[[nodiscard]] std::size_t check_constraints(TypeId type, json::Value object, json::Value resource,
                                            const std::function<void(const Constraint&)>& broken);

}  // namespace xl::fhir::detail
