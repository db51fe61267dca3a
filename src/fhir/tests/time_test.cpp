// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: dates stand for the instants FHIR says. Method: tables.
#include "fhir/time.h"

#include <gtest/gtest.h>

#include <vector>

namespace xl::fhir {
namespace {

constexpr std::int64_t at_2020 = 1577836800000;  // 2020-01-01T00:00:00Z
constexpr std::int64_t day_ms = 86400000;

TEST(FhirTime, EachPrecisionCoversItsInstants) {
  struct Case {
    std::string_view text;
    std::int64_t low;
    std::int64_t length;
  };
  const std::vector<Case> cases = {
      {"2020", at_2020, 366 * day_ms},
      {"2020-02", at_2020 + 31 * day_ms, 29 * day_ms},
      {"2019-12", at_2020 - 31 * day_ms, 31 * day_ms},
      {"2020-02-29", at_2020 + 59 * day_ms, day_ms},
      {"2020-01-01T10:30", at_2020 + 37800000, 60000},
      {"2020-01-01T10:30Z", at_2020 + 37800000, 60000},
      {"2020-01-01T10:30:15", at_2020 + 37815000, 1000},
      {"2020-01-01T10:30:15Z", at_2020 + 37815000, 1000},
      {"2020-01-01T10:30:15+08:00", at_2020 + 37815000 - 28800000, 1000},
      {"2020-01-01T00:00:00-03:30", at_2020 + 12600000, 1000},
      {"2020-01-01T00:00:00+14:00", at_2020 - 50400000, 1000},
      {"2020-01-01T00:00:00.1Z", at_2020 + 100, 100},
      {"2020-01-01T00:00:00.12Z", at_2020 + 120, 10},
      {"2020-01-01T00:00:00.123Z", at_2020 + 123, 1},
      {"2020-01-01T00:00:00.1239999Z", at_2020 + 123, 1},
      {"2016-12-31T23:59:60Z", 1483228800000, 1000},
      {"1969-12-31T23:59:59Z", -1000, 1000},
      {"0001-01-01", -62135596800000, day_ms},
      {"9999-12-31", 253402214400000, day_ms},
      {"9999", 253370764800000, 365 * day_ms},
  };
  for (const Case& c : cases) {
    const auto range = time_range_of(c.text);
    ASSERT_TRUE(range) << c.text;
    EXPECT_EQ(range->low, c.low) << c.text;
    EXPECT_EQ(range->high, c.low + c.length - 1) << c.text;
  }
}

TEST(FhirTime, RefusesWhatIsNoDate) {
  for (const std::string_view text : {"",
                                      "20",
                                      "202",
                                      "20200",
                                      "0000",
                                      "2020-",
                                      "2020-00",
                                      "2020-13",
                                      "2020-1",
                                      "2020-01-",
                                      "2020-01-00",
                                      "2020-02-30",
                                      "2019-02-29",
                                      "1900-02-29",
                                      "2020-01-01T",
                                      "2020-01-01T10",
                                      "2020-01-01T10Z",
                                      "2020-01-01T24:00",
                                      "2020-01-01T10:60",
                                      "2020-01-01T10:30:61",
                                      "2020-01-01T10:30:",
                                      "2020-01-01T10:30:15.",
                                      "2020-01-01T10:30:15.Z",
                                      "2020-01-01T10:30:15+8:00",
                                      "2020-01-01T10:30:15+14:01",
                                      "2020-01-01T10:30:15+15:00",
                                      "2020-01-01T10:30:15ZZ",
                                      "2020-01-01t10:30",
                                      "2020-01-01 10:30",
                                      "-2020",
                                      " 2020",
                                      "2020 ",
                                      "2020-01T10:30",
                                      "now"}) {
    EXPECT_FALSE(time_range_of(text)) << text;
  }
}

}  // namespace
}  // namespace xl::fhir
