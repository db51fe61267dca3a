// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: a part in somebody's care begins and ends when the Encounter or the CareTeam says, to the
// millisecond, and what is found says for how long it holds. Method: one participant, periods of
// every precision, instants at and beside each end.
#include "custody/care.h"

#include <gtest/gtest.h>

#include <string>

namespace xl::custody {
namespace {

std::uint64_t at(const char* instant) {
  const auto range = fhir::time_range_of(instant);
  EXPECT_TRUE(range.has_value()) << instant;
  return static_cast<std::uint64_t>(range ? range->low : 0);
}

std::string encounter(const std::string& whole, const std::string& mine,
                      const char* status = "in-progress") {
  return R"({"resourceType":"Encounter","status":")" + std::string(status) + R"(")" +
         (whole.empty() ? "" : R"(,"period":)" + whole) +
         R"(,"participant":[{"individual":{"reference":"Practitioner/b"}},)"
         R"({"individual":{"reference":"Practitioner/a"})" +
         (mine.empty() ? "" : R"(,"period":)" + mine) + "}]}";
}

bool treats(const std::string& whole, const std::string& mine, const char* when) {
  return part_in_encounter(encounter(whole, mine), "a", at(when)).now;
}

TEST(CarePart, LastsWhileBothPeriodsDo) {
  const char* now = "2026-03-10T12:00:00Z";
  EXPECT_TRUE(treats("", "", now));
  EXPECT_TRUE(treats("", R"({"start":"2026-03-10T12:00:00Z"})", now));
  EXPECT_FALSE(treats("", R"({"start":"2026-03-10T12:00:00.001Z"})", now)) << "not yet";
  EXPECT_TRUE(treats("", R"({"end":"2026-03-10T12:00:00Z"})", now)) << "to the end of that second";
  EXPECT_FALSE(treats("", R"({"end":"2026-03-10T11:59:59Z"})", now));
  EXPECT_FALSE(treats("", R"({"end":"2026-03-10T13:59:59+02:00"})", now)) << "another zone";
  EXPECT_FALSE(treats(R"({"end":"2026-03-09"})", "", now)) << "the encounter is over";
  EXPECT_FALSE(treats(R"({"start":"2026-03-12"})", "", now)) << "the encounter is to begin";
  EXPECT_FALSE(treats(R"({"end":"2026-03-09"})", R"({"end":"2026-12"})", now));
  EXPECT_TRUE(treats(R"({"start":"2026-03-01"})", R"({"end":"2026-12"})", now));
  // The other one's part is not this one's.
  EXPECT_TRUE(part_in_encounter(encounter("", R"({"end":"2020"})"), "b", at(now)).now);
  EXPECT_FALSE(part_in_encounter(encounter("", "", "finished"), "a", at(now)).now);
  EXPECT_FALSE(part_in_encounter(encounter("", ""), "c", at(now)).now);
}

TEST(CarePart, ADateLastsToItsEndAndBeginsWithTheFirstZone) {
  for (const char* end : {"2026-03-31", "2026-03", "2026"}) {
    const std::string period = R"({"end":")" + std::string(end) + R"("})";
    const bool year = std::string(end) == "2026";
    EXPECT_TRUE(treats("", period, "2026-03-31T23:59:59Z")) << end;
    EXPECT_EQ(treats("", period, "2026-04-01T00:00:00Z"), year) << end;
    EXPECT_FALSE(treats("", period, "2027-01-01T00:00:00Z")) << end;
  }
  EXPECT_FALSE(treats("", R"({"start":"2026-03-10"})", "2026-03-09T09:59:59Z"));
  EXPECT_TRUE(treats("", R"({"start":"2026-03-10"})", "2026-03-09T10:00:00Z"));
}

TEST(CarePart, WhatCannotBeReadIsNever) {
  const char* now = "2026-03-10T12:00:00Z";
  EXPECT_FALSE(treats("", R"({"end":"soon"})", now));
  EXPECT_FALSE(treats("", R"({"end":7})", now));
  EXPECT_FALSE(treats(R"({"start":""})", "", now));
  EXPECT_FALSE(treats("", R"({"start":"2027","end":"2025"})", now));
  EXPECT_FALSE(part_in_encounter("{", "a", at(now)).now);
}

TEST(CarePart, SaysForHowLongItHolds) {
  const std::string content =
      encounter(R"({"start":"2026-03-10T08:00:00Z"})", R"({"end":"2026-03-10T12:00:00Z"})");
  const auto on = part_in_encounter(content, "a", at("2026-03-10T09:00:00Z"));
  EXPECT_TRUE(on.now);
  EXPECT_EQ(on.holds.low, static_cast<std::int64_t>(at("2026-03-10T08:00:00Z")));
  EXPECT_EQ(on.holds.high, static_cast<std::int64_t>(at("2026-03-10T12:00:00.999Z")));
  const auto before = part_in_encounter(content, "a", at("2026-03-10T07:00:00Z"));
  EXPECT_FALSE(before.now);
  EXPECT_EQ(before.holds.high, static_cast<std::int64_t>(at("2026-03-10T07:59:59.999Z")));
  const auto after = part_in_encounter(content, "a", at("2026-03-10T12:00:01Z"));
  EXPECT_FALSE(after.now);
  EXPECT_EQ(after.holds.low, static_cast<std::int64_t>(at("2026-03-10T12:00:01Z")));
  EXPECT_EQ(after.holds.high, fhir::time_highest_ms);
}

TEST(CarePart, OfATeamToo) {
  const auto member = [](const std::string& whole, const std::string& mine, const char* status) {
    const std::string team =
        R"({"resourceType":"CareTeam","status":")" + std::string(status) + R"(",)" + whole +
        R"("participant":[{"member":{"reference":"Practitioner/a"})" + mine + "}]}";
    return part_in_team(team, "a", at("2026-03-10T12:00:00Z")).now;
  };
  EXPECT_TRUE(member("", "", "active"));
  EXPECT_FALSE(member("", "", "inactive"));
  EXPECT_FALSE(member(R"("period":{"end":"2026-02"},)", "", "active"));
  EXPECT_FALSE(member(R"("period":{"start":"2026-04"},)", "", "active"));
  EXPECT_FALSE(member("", R"(,"period":{"end":"2026-03-09"})", "active"));
  EXPECT_TRUE(member("", R"(,"period":{"end":"2026-03-10"})", "active"));
}

}  // namespace
}  // namespace xl::custody
