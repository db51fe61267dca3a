// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "fhir/constraints.h"

#include <cstdint>
#include <span>
#include <vector>

#include "base/check.h"
#include "fhir/fhirpath/fhirpath.h"
#include "fhir/tables.h"

namespace xl::fhir::detail {
namespace {

/// The constraints parsed, and by type where they begin.
class ParsedConstraints {
 public:
  ParsedConstraints() : first_(node_count + std::size_t{1}, 0) {
    std::size_t type = 0;
    for (const Constraint& one : std::span(constraints, constraint_count)) {
      // Both tables are sorted by path.
      while (type < node_count && nodes[type].path.view() != one.path) {
        first_[++type] = static_cast<std::uint16_t>(parsed_.size());
      }
      XL_CHECK(type < node_count);
      auto expression = fhirpath::Expression::parse(one.expression);
      XL_CHECK(expression.ok());
      parsed_.push_back(std::move(*expression));
    }
    while (type < node_count) first_[++type] = static_cast<std::uint16_t>(parsed_.size());
  }

  /// Places in `constraints` of those of a type: from, to.
  [[nodiscard]] std::pair<std::size_t, std::size_t> of(TypeId type) const {
    const auto at = static_cast<std::size_t>(type);
    return {first_[at], first_[at + 1]};
  }
  [[nodiscard]] const fhirpath::Expression& expression(std::size_t place) const {
    return parsed_[place];
  }

 private:
  std::vector<std::uint16_t> first_;
  std::vector<fhirpath::Expression> parsed_;
};

bool is_broken(const fhirpath::Expression& expression, const fhirpath::Collection& focus,
               json::Value resource) {
  fhirpath::Environment environment;
  environment.resource = resource;
  const auto given = expression.evaluate(focus, environment);
  if (!given.ok()) return false;
  const auto truth = fhirpath::truth_of(*given);
  // Nothing is no breach: what decides is not there.
  return truth.ok() && *truth && !**truth;
}

}  // namespace

std::size_t check_constraints(TypeId type, json::Value object, json::Value resource,
                              const std::function<void(const Constraint&)>& broken) {
  static const ParsedConstraints parsed;
  const auto [from, to] = parsed.of(type);
  if (from == to) return 0;
  const Kind kind = node_of(type).is_resource ? Kind::resource : Kind::complex;
  const fhirpath::Collection focus{{fhirpath::NodeItem{object, {}, kind, type}}};
  for (std::size_t place = from; place < to; ++place) {
    if (is_broken(parsed.expression(place), focus, resource)) broken(constraints[place]);
  }
  return to - from;
}

}  // namespace xl::fhir::detail
