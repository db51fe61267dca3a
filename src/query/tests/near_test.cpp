// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: `near` finds what is within a circle on the earth, and nothing beside it. Method: places
// whose distances are known from elsewhere, on both sides of the rim, of the antimeridian and of
// the poles; and random places against the spherical law of cosines, which is another formula.
#include "query/near.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <random>

#include "query/tests/index_fixture.h"

namespace xl::query {
namespace {

using test::entry_of;
using test::query_of;
using Names = std::vector<std::string>;

class NearTest : public test::IndexTest {
 protected:
  void put(std::uint32_t number, const std::string& id, const std::string& latitude,
           const std::string& longitude) {
    ASSERT_TRUE(index_
                    ->put(entry_of(R"({"resourceType":"Location","id":")" + id +
                                       R"(","position":{"latitude":)" + latitude +
                                       R"(,"longitude":)" + longitude + "}}",
                                   number))
                    .ok());
  }
  Names near(const std::string& value) {
    Names out = find(query_of("Location", {{"near", value}}));
    std::sort(out.begin(), out.end());
    return out;
  }
};

TEST_F(NearTest, TheCircleAndNotItsSquare) {
  put(1, "middle", "50", "10");
  put(2, "north", "50.0895", "10");      // 9.952 km
  put(3, "beyond", "50.0905", "10");     // 10.063 km
  put(4, "corner", "50.08", "10.12");    // 12.4 km, inside the square around 10 km
  put(5, "diagonal", "50.06", "10.09");  // 9.26 km
  EXPECT_EQ(near("50|10"), (Names{"diagonal", "middle", "north"}));
  EXPECT_EQ(near("50|10|10.1|km"), (Names{"beyond", "diagonal", "middle", "north"}));
  EXPECT_EQ(near("50|10|0"), Names{"middle"});
  EXPECT_EQ(near("50|10|9.27"), (Names{"diagonal", "middle"}));
  // The same distance in other units of length.
  for (const char* unit : {"10000|m", "10|km", "6.2137|mi", "6.2137|[mi_i]", "32808.4|[ft_i]"}) {
    EXPECT_EQ(near(std::string("50|10|") + unit), (Names{"diagonal", "middle", "north"})) << unit;
  }
}

TEST_F(NearTest, WhereLongitudesBeginAgainAndAtThePoles) {
  put(1, "fiji-east", "-16.8", "-179.95");
  put(2, "fiji-west", "-16.8", "179.95");  // 10.65 km from the one above
  put(3, "elsewhere", "-16.8", "0");
  put(4, "pole", "90", "0");
  put(5, "beside-it", "89.95", "180");  // 5.56 km from the pole
  put(6, "across-it", "89.95", "0");
  EXPECT_EQ(near("-16.8|180|6"), (Names{"fiji-east", "fiji-west"}));
  EXPECT_EQ(near("-16.8|-180|6"), (Names{"fiji-east", "fiji-west"}));
  EXPECT_EQ(near("-16.8|179.95|11"), (Names{"fiji-east", "fiji-west"}));
  EXPECT_EQ(near("-16.8|179.95|10"), Names{"fiji-west"});
  EXPECT_EQ(near("89.95|180|6"), (Names{"beside-it", "pole"}));
  EXPECT_EQ(near("89.95|180|12"), (Names{"across-it", "beside-it", "pole"}));
  EXPECT_EQ(near("0|0|20100").size(), 6U);  // the whole earth
}

TEST_F(NearTest, WhatIsNoPlaceIsRefused) {
  put(1, "a", "1", "1");
  for (const char* value : {"1", "1|", "|1", "1|1|x", "1|1|-1", "91|1", "1|181", "1|1|1|kg",
                            "1|1|1|parsnips", "1|1|1|km|1", "north|1"}) {
    const auto page = index_->search(query_of("Location", {{"near", value}}));
    EXPECT_EQ(test::code_of(page), ErrorCode::search_value_invalid) << value;
  }
}

TEST_F(NearTest, AsAnotherFormulaHasIt) {
  constexpr double radians = std::numbers::pi / 180;
  std::mt19937 random(7);
  std::uniform_real_distribution<double> latitude(-90, 90);
  std::uniform_real_distribution<double> longitude(-180, 180);
  int within = 0;
  for (int i = 0; i < 20'000; ++i) {
    const double a = latitude(random);
    const double b = latitude(random);
    const double c = longitude(random);
    const double d = longitude(random);
    const double angle =
        std::acos(std::sin(a * radians) * std::sin(b * radians) +
                  std::cos(a * radians) * std::cos(b * radians) * std::cos((c - d) * radians));
    const double metres = 6'371'008.8 * angle;
    for (const double off : {-10.0, 10.0}) {
      const std::array<std::int64_t, 5> values = {sortable(a), sortable(c), sortable(b),
                                                  sortable(d), sortable(metres + off)};
      const bool is = detail::is_within(values);
      EXPECT_EQ(is, off > 0) << a << " " << c << " " << b << " " << d;
      within += is ? 1 : 0;
      // What is within is never left out by the band that is looked at first.
      const long double half = detail::half_height({b, d, metres + off});
      EXPECT_TRUE(!is || std::abs(a - b) <= half);
    }
  }
  EXPECT_EQ(within, 20'000);
}

TEST(Sortable, ComesBack) {
  for (const double number : {0.0, 1.5, -1.5, 179.95, -179.95, 1e-300, -1e300}) {
    EXPECT_EQ(static_cast<double>(from_sortable(sortable(number))), number);
  }
}

}  // namespace
}  // namespace xl::query
