// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: care ends with a person's part in an encounter or a team, without anybody touching the
// record, and nobody lengthens their own. Method: a real node whose clock is moved past the end
// while one sign-in goes on.
#include <gtest/gtest.h>

#include "gateway/fhir/reply.h"
#include "node/tests/care.h"

namespace xl::node {
namespace {

using testing::Care;
using testing::FhirClient;
using testing::LiveNode;

constexpr std::uint64_t five_minutes_ms = 5ULL * 60 * 1000;

class CareEnds : public Care {
 protected:
  /// `offset_ms` from now, as FHIR writes it.
  [[nodiscard]] std::string instant(std::int64_t offset_ms) const {
    const auto now = static_cast<std::int64_t>(live_->clock.now_ms());
    return gateway::fhir::instant_text(static_cast<std::uint64_t>(now + offset_ms));
  }
  [[nodiscard]] std::string until(std::int64_t offset_ms) const {
    return R"({"end":")" + instant(offset_ms) + R"("})";
  }
  static std::string member(FhirClient& doctor, const char* element, const std::string& period) {
    return R"(,"participant":[{")" + std::string(element) + R"(":{"reference":"Practitioner/)" +
           doctor.who().did().text() + R"("})" + (period.empty() ? "" : R"(,"period":)" + period) +
           "}]}";
  }
  unsigned visit(FhirClient& by, FhirClient& doctor, const std::string& whole,
                 const std::string& mine) {
    return by
        .put("Encounter/v1", R"({"resourceType":"Encounter","id":"v1","status":"in-progress",)"
                             R"("class":{"code":"AMB"},"subject":{"reference":"Patient/p1"})" +
                                 (whole.empty() ? "" : R"(,"period":)" + whole) +
                                 member(doctor, "individual", mine))
        .status;
  }
};

TEST_F(CareEnds, WithThePartInAnEncounter) {
  FhirClient doctor(live_->doctor(north_->who(), "li"), live_->organisations[0]);
  const auto read = [&] { return doctor.get("Observation/o1").status; };
  ASSERT_EQ(visit(*north_, doctor, "", until(-1000)), 201U);
  EXPECT_EQ(read(), 403U) << "the shift is over";
  ASSERT_EQ(visit(*north_, doctor, until(-1000), ""), 200U);
  EXPECT_EQ(read(), 403U) << "the encounter is over";
  ASSERT_EQ(visit(*north_, doctor, "", R"({"start":")" + instant(60'000) + R"("})"), 200U);
  EXPECT_EQ(read(), 403U) << "the shift is to begin";
  ASSERT_EQ(visit(*north_, doctor, "", until(five_minutes_ms)), 200U);
  EXPECT_EQ(read(), 200U);
  EXPECT_EQ(total(doctor.get("Observation")), "2");
  // Whoever is in may amend the record, not the time of their own part.
  EXPECT_EQ(visit(doctor, doctor, "", until(10 * five_minutes_ms)), 200U);
  EXPECT_EQ(read(), 200U);
  live_->clock.shift_ms(five_minutes_ms + 2000);
  EXPECT_EQ(read(), 403U) << "within the session that had read it";
  EXPECT_EQ(total(doctor.get("Observation")), "0");
  ASSERT_EQ(visit(*north_, doctor, "", until(10 * five_minutes_ms)), 200U);
  EXPECT_EQ(read(), 403U) << "what the doctor wrote is between";
  ASSERT_EQ(visit(*north_, doctor, "", until(-1000)), 200U);
  ASSERT_EQ(visit(*north_, doctor, "", until(10 * five_minutes_ms)), 200U);
  EXPECT_EQ(read(), 200U) << "let in again by the house";
}

/// What is remembered of a version is void once an earlier one, on which it rests, is erased.
TEST_F(CareEnds, WithTheVersionThatLetSomebodyIn) {
  FhirClient doctor(live_->doctor(north_->who(), "li"), live_->organisations[0]);
  const auto read = [&] { return doctor.get("Observation/o1").status; };
  ASSERT_EQ(visit(*north_, doctor, "", ""), 201U);
  EXPECT_EQ(read(), 200U);
  ASSERT_EQ(visit(doctor, doctor, "", until(five_minutes_ms)), 200U);
  EXPECT_EQ(read(), 200U);
  EXPECT_EQ(read(), 200U);
  const auto erased =
      north_->post("Encounter/v1/$erase", R"({"resourceType":"Parameters","parameter":[)"
                                          R"({"name":"confirm","valueString":"Encounter/v1"},)"
                                          R"({"name":"version","valueString":"1"}]})");
  ASSERT_EQ(erased.status, 200U) << erased.body;
  EXPECT_EQ(read(), 403U) << "what is left was written by nobody else";
}

TEST_F(CareEnds, WithThePartInATeam) {
  FhirClient doctor(live_->doctor(north_->who(), "li"), live_->organisations[0]);
  const auto team = [&](const std::string& whole, const std::string& mine) {
    return north_
        ->put("CareTeam/t1", R"({"resourceType":"CareTeam","id":"t1","status":"active",)"
                             R"("subject":{"reference":"Patient/p1"})" +
                                 (whole.empty() ? "" : R"(,"period":)" + whole) +
                                 member(doctor, "member", mine))
        .status;
  };
  ASSERT_EQ(team("", ""), 201U);
  const auto kept = custodian().stores().index().current("CareTeam", "t1");
  ASSERT_TRUE(kept.ok());
  demo::Persona ann = patient();
  contracts::consent::Policy policy;
  policy.set_effect(static_cast<std::uint32_t>(contracts::consent::Effect::permit));
  auto* rule = policy.mutable_rule();
  rule->add_grantees()->set_care_team(client::bytes_of(kept->record.bytes));
  rule->set_confidentiality_min(1);
  rule->set_confidentiality_max(6);
  rule->add_purposes(static_cast<std::uint32_t>(contracts::consent::PurposeOfUse::treatment));
  rule->add_actions(static_cast<std::uint32_t>(contracts::consent::Action::read));
  model::Id given;
  const auto sent = ann.session->grant(policy, patient_did_, live_->organisations[0], 0, given);
  ASSERT_TRUE(sent.ok() && sent->applied());
  const auto read = [&] { return doctor.get("Observation/o1").status; };
  EXPECT_EQ(read(), 200U);
  ASSERT_EQ(team("", until(-1000)), 200U);
  EXPECT_EQ(read(), 403U);
  ASSERT_EQ(team(until(-1000), ""), 200U);
  EXPECT_EQ(read(), 403U);
  ASSERT_EQ(team(until(five_minutes_ms), ""), 200U);
  EXPECT_EQ(read(), 200U);
  live_->clock.shift_ms(five_minutes_ms + 2000);
  EXPECT_EQ(read(), 403U);
}

}  // namespace
}  // namespace xl::node
