// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "query/measures.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "fhir/decimal.h"
#include "fhir/ucum.h"

namespace xl::query {
namespace {

constexpr std::string_view ucum_system = "http://unitsofmeasure.org";

/// Whether a number that a long double cannot hold is too large for it, rather than too small: by
/// where its first digit stands and by its exponent.
bool is_large(std::string_view number) {
  const std::size_t exponent_at = number.find_first_of("eE");
  std::int64_t exponent = 0;
  if (exponent_at != std::string_view::npos) {
    std::string_view text = number.substr(exponent_at + 1);
    if (text.starts_with('+')) text.remove_prefix(1);
    const bool negative = text.starts_with('-');
    const auto read = std::from_chars(text.data(), text.data() + text.size(), exponent);
    if (read.ec != std::errc{}) return !negative;
  }
  const std::string_view digits = number.substr(0, exponent_at);
  const std::size_t first = digits.find_first_of("123456789");
  const std::size_t point = std::min(digits.find('.'), digits.size());
  if (first == std::string_view::npos) return false;
  return exponent + static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first) > 0;
}

}  // namespace

std::optional<BaseMeasure> base_measure(const Measure& measure) {
  if (measure.system != ucum_system) return std::nullopt;
  const auto unit = fhir::unit_of(measure.code);
  if (!unit) return std::nullopt;
  BaseMeasure out{measure.low * unit->factor, measure.high * unit->factor, unit->arbitrary};
  for (const int exponent : unit->dimension) out.dimension += "." + std::to_string(exponent);
  return out;
}

std::optional<long double> magnitude_of(std::string_view number) {
  if (const auto exact = fhir::Decimal::parse(number)) return exact->approximate();
  if (number.starts_with('+')) number.remove_prefix(1);
  // `inf` and `nan` are no numbers here.
  if (number.find_first_not_of("-+.0123456789eE") != std::string_view::npos) return std::nullopt;
  long double out = 0;
  const auto read = std::from_chars(number.data(), number.data() + number.size(), out);
  if (read.ptr != number.data() + number.size()) return std::nullopt;
  if (read.ec == std::errc{}) return out;
  if (read.ec != std::errc::result_out_of_range) return std::nullopt;
  const long double huge = is_large(number) ? HUGE_VALL : 0;
  return number.starts_with('-') ? -huge : huge;
}

}  // namespace xl::query
