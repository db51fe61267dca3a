// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: no sum, product or decimal text wraps around. Method: each bound at max and max + 1, with
// the result untouched on failure.
#include "base/checked.h"

#include <gtest/gtest.h>

#include <string>

namespace xl {
namespace {

constexpr std::uint64_t max64 = std::numeric_limits<std::uint64_t>::max();

TEST(Checked, AddsUpToTheMaximum) {
  std::uint64_t out = 7;
  EXPECT_TRUE(checked_add<std::uint64_t>(max64 - 1, 1, out));
  EXPECT_EQ(out, max64);
  out = 7;
  EXPECT_FALSE(checked_add<std::uint64_t>(max64, 1, out));
  EXPECT_EQ(out, 7U);
  std::int8_t small = 3;
  EXPECT_TRUE(checked_add<std::int8_t>(-128, 127, small));
  EXPECT_EQ(small, -1);
  EXPECT_FALSE(checked_add<std::int8_t>(-128, -1, small));
  EXPECT_EQ(small, -1);
}

TEST(Checked, MultipliesUpToTheMaximum) {
  std::uint64_t out = 7;
  EXPECT_TRUE(checked_multiply<std::uint64_t>(max64 / 5, 5, out));
  EXPECT_EQ(out, max64);
  EXPECT_FALSE(checked_multiply<std::uint64_t>(max64 / 5 + 1, 5, out));
  EXPECT_EQ(out, max64);
  std::int64_t least = 0;
  EXPECT_FALSE(checked_multiply<std::int64_t>(std::numeric_limits<std::int64_t>::min(), -1, least));
}

TEST(Checked, SaturatesAtTheMaximum) {
  EXPECT_EQ(saturating_add<std::uint8_t>(200, 55), 255);
  EXPECT_EQ(saturating_add<std::uint8_t>(200, 56), 255);
  EXPECT_EQ(saturating_add<std::uint64_t>(max64, max64), max64);
}

TEST(Checked, DecimalTextIsStrict) {
  std::uint64_t out = 7;
  EXPECT_TRUE(parse_decimal("0", out));
  EXPECT_EQ(out, 0U);
  EXPECT_TRUE(parse_decimal("18446744073709551615", out));
  EXPECT_EQ(out, max64);
  out = 7;
  for (const std::string_view text :
       {"", "00", "01", "-1", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "１", "18446744073709551616",
        "99999999999999999999", "100000000000000000000"}) {
    EXPECT_FALSE(parse_decimal(text, out)) << text;
    EXPECT_EQ(out, 7U) << text;
  }
  EXPECT_FALSE(parse_decimal(std::string_view("1\0", 2), out));
}

}  // namespace
}  // namespace xl
