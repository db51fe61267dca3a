// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "query/near.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/check.h"
#include "fhir/decimal.h"
#include "fhir/ucum.h"
#include "query/fhir_terms.h"

namespace xl::query::detail {
namespace {

constexpr long double earth_radius_m = 6'371'008.8L;
constexpr long double radians_per_degree = std::numbers::pi_v<long double> / 180;

/// Metres in a unit of length.
std::optional<long double> metres_in(std::string_view unit) {
  if (unit.empty()) return 1000;
  if (unit == "[mi_us]") return 6'336'000.0L / 3937;  // the survey mile
  const auto metres = fhir::conversion(unit == "mi" ? std::string_view("[mi_i]") : unit, "m");
  // A factor, never a zero of its own.
  return metres && *metres > 0 ? metres : std::nullopt;
}

}  // namespace

std::optional<Circle> circle_of(const std::vector<std::string>& parts) {
  if (parts.size() < 2 || parts.size() > 4) return std::nullopt;
  const auto north = fhir::Decimal::parse(parts[0]);
  const auto east = fhir::Decimal::parse(parts[1]);
  if (!north || !east) return std::nullopt;
  Circle out;
  out.latitude = north->approximate();
  out.longitude = east->approximate();
  if (std::abs(out.latitude) > 90 || std::abs(out.longitude) > 180) return std::nullopt;
  const auto unit = metres_in(parts.size() == 4 ? parts[3] : "");
  if (!unit) return std::nullopt;
  if (parts.size() > 2 && !parts[2].empty()) {
    const auto distance = fhir::Decimal::parse(parts[2]);
    if (!distance || distance->is_negative()) return std::nullopt;
    out.metres = distance->approximate() * *unit;
  }
  return out;
}

long double half_height(const Circle& circle) {
  constexpr long double margin = 1e-6L;  // far above what is lost in rounding: a tenth of a metre
  return circle.metres / (earth_radius_m * radians_per_degree) + margin;
}

bool is_within(std::span<const std::int64_t> values) {
  XL_CHECK(values.size() == within_values);
  const auto angle = [&](std::size_t at) { return from_sortable(values[at]) * radians_per_degree; };
  const long double north = angle(0);
  const long double middle = angle(2);
  // The haversine: exact for small distances too, and blind to where longitudes begin again.
  const long double up = std::sin((north - middle) / 2);
  const long double across = std::sin((angle(1) - angle(3)) / 2);
  const long double part = up * up + std::cos(north) * std::cos(middle) * across * across;
  const long double metres = 2 * earth_radius_m * std::asin(std::sqrt(std::min(part, 1.0L)));
  // A micrometre, so that a place is within no distance of itself whatever was rounded.
  return metres <= from_sortable(values[4]) + 1e-6L;
}

}  // namespace xl::query::detail
