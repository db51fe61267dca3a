// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// For the sources of this folder only: places on the earth.
namespace xl::query::detail {

/// What a search by `near` asks for: within a distance of a place, the rim included.
struct Circle {
  long double latitude = 0;   ///< degrees, -90..90
  long double longitude = 0;  ///< degrees, -180..180
  long double metres = 10'000;
};

/// Reads `latitude|longitude[|distance[|unit]]`, taken apart at its bars: 10 km without a distance,
/// kilometres without a unit; units are those of UCUM that measure a length, and `mi`. Nothing for
/// what is no such place. Thread-safe.
[[nodiscard]] std::optional<Circle> circle_of(const std::vector<std::string>& parts);

/// Half of the circle's height in degrees of latitude, a little more: nothing outside is within.
[[nodiscard]] long double half_height(const Circle& circle);

/// How a statement calls `is_within`.
constexpr std::string_view within_function = "xl_is_within";
constexpr int within_values = 5;

/// Is a place within a circle, along the great circle of a sphere with the earth's mean radius (R1
/// of the IUGG, 6,371,008.8 m; the ellipsoid differs by half a percent at most)? The values, each
/// `sortable`: latitude and longitude of the place; latitude, longitude and metres of the circle.
/// Thread-safe.
[[nodiscard]] bool is_within(std::span<const std::int64_t> values);

}  // namespace xl::query::detail
