// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "fhir/fhirpath/value.h"

/// FHIRPath (ANSI/HL7 NMN R1-2020, with the functions that FHIR R4 §2.9.1 adds) over resources in
/// JSON, typed by the definitions.
namespace xl::fhir::fhirpath {

struct Syntax;

/// What an evaluation may look at beside its focus. Everything outlives it.
struct Environment {
  json::Value resource;  ///< %resource; `#id` leads to what it contains
  /// Where a reference leads, for `resolve()`; absent for what is not at hand. Empty: nothing is,
  /// and only the type that a reference names is known.
  std::function<json::Value(std::string_view reference)> resolve;
  /// Further %variables. Empty: none.
  std::function<std::optional<Collection>(std::string_view name)> variable;
  std::int64_t now_ms = 0;  ///< since 1970, for `now()`
  /// Refuses what no resource can have: elements that a type does not have, order where there is
  /// none, casts of several items. Otherwise these give nothing, or are done item by item.
  bool strict = false;
};

/// A parsed expression. Immutable: thread-safe.
class Expression {
 public:
  /// Errors: fhirpath_invalid (syntax, naming the byte; at most 16,384 bytes, 64 levels),
  /// fhirpath_unsupported (a function that is not built; it is named).
  [[nodiscard]] static Result<Expression> parse(std::string_view text);
  Expression(Expression&&) noexcept;
  Expression& operator=(Expression&&) noexcept;
  ~Expression();

  /// What the expression gives for a focus. Errors: fhirpath_invalid (of types, of several where
  /// one is wanted), fhirpath_unsupported, fhirpath_too_costly (over a million steps).
  [[nodiscard]] Result<Collection> evaluate(const Collection& focus,
                                            const Environment& environment) const;

 private:
  explicit Expression(std::unique_ptr<const Syntax> syntax);
  std::unique_ptr<const Syntax> syntax_;
};

/// A collection as a condition: nothing for an empty one, true for a single item that is no
/// Boolean. Errors: fhirpath_invalid (several items).
[[nodiscard]] Result<std::optional<bool>> truth_of(const Collection& collection);

}  // namespace xl::fhir::fhirpath
