// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>
#include <string>
#include <string_view>

/// For the sources of this folder only.
namespace xl::query {

/// A number or a range of numbers with its unit. The texts view what it was read from.
struct Measure {
  long double low = 0;
  long double high = 0;
  std::string_view system;
  std::string_view code;
  std::string_view unit;  ///< in words
};

/// A decimal number as an approximation: also one with more digits than `fhir::Decimal` holds, or
/// beyond what a long double does (then infinite, or zero). Nothing for what is no number.
[[nodiscard]] std::optional<long double> magnitude_of(std::string_view number);

/// The same in base units.
struct BaseMeasure {
  long double low = 0;
  long double high = 0;
  std::string dimension;  ///< what is measured
};

/// Nothing for a unit that is not of UCUM or does not convert.
[[nodiscard]] std::optional<BaseMeasure> base_measure(const Measure& measure);

}  // namespace xl::query
