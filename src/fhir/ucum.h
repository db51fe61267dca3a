// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

/// Units of the Unified Code for Units of Measure (UCUM 2.1), as far as measured values are
/// compared by them.
namespace xl::fhir {

/// What a unit measures: exponents of metre, second, gram, radian, kelvin, coulomb, candela, and of
/// arbitrary units such as `[iU]`, which convert to nothing else.
using Dimension = std::array<int, 8>;

/// A unit taken apart: a value in it times `factor` is the value in base units.
struct Unit {
  long double factor = 1;
  Dimension dimension{};
  std::string arbitrary;  ///< which arbitrary unit; two of them never convert
};

/// Takes a case-sensitive UCUM code apart: prefixes, exponents, `.`, `/`, brackets and `{notes}`.
/// Nothing for a code that is none, and for units with a zero of their own or a logarithm (`Cel`,
/// `[pH]`), which equal only themselves. Linear. Thread-safe.
[[nodiscard]] std::optional<Unit> unit_of(std::string_view code);

/// By which factor a value in `from` becomes one in `to`; 1 for equal codes. Nothing when they
/// measure different things or one is unknown. Thread-safe.
[[nodiscard]] std::optional<long double> conversion(std::string_view from, std::string_view to);

/// A code for the product or the quotient of two units, in base units where both are known, such
/// as `m2` and `g/m`; `1` when nothing is left. Thread-safe.
struct Combined {
  std::string code;
  long double factor = 1;  ///< of the numbers' product or quotient
};
[[nodiscard]] std::optional<Combined> combined(std::string_view a, std::string_view b,
                                               bool divided);

}  // namespace xl::fhir
