// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: a patient with many consents is not closed to those whom they let in: an answer rests on as
// few as serve it, under as many sessions as that takes. Method: a real node; nine consents that
// overlap and ten of which each opens one type; what the ledger and the journal hold afterwards.
#include <gtest/gtest.h>

#include <set>

#include "contracts/access/sealed.pb.h"
#include "contracts/access/view.h"
#include "contracts/api/shape.h"
#include "model/canonical.h"
#include "model/limits.h"
#include "node/tests/care.h"

namespace xl::node {
namespace {

using testing::Care;
using testing::FhirClient;
using testing::parsed;

const std::vector<std::string> ten_types = {
    "AllergyIntolerance", "Appointment", "CarePlan",     "Condition", "Coverage",
    "Encounter",          "Goal",        "Immunization", "Procedure", "RiskAssessment"};

class ManyConsents : public Care {
 protected:
  /// One small record of the type.
  void put(const std::string& type) {
    const std::string subject = R"({"reference":"Patient/p1"})";
    std::map<std::string, std::string> more = {
        {"AllergyIntolerance",
         R"("clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/)"
         R"(allergyintolerance-clinical","code":"active"}]},"patient":)" +
             subject},
        {"Appointment",
         R"("status":"proposed","participant":[{"status":"accepted","actor":)" + subject + "}]"},
        {"CarePlan", R"("status":"active","intent":"plan","subject":)" + subject},
        {"Condition", R"("subject":)" + subject},
        {"Coverage", R"("status":"active","payor":[{"display":"x"}],"beneficiary":)" + subject},
        {"Encounter", R"("status":"finished","class":{"code":"AMB"},"subject":)" + subject},
        {"Goal", R"("lifecycleStatus":"active","description":{"text":"x"},"subject":)" + subject},
        {"Immunization", R"("status":"completed","vaccineCode":{"text":"x"},)"
                         R"("occurrenceDateTime":"2026-01-01","patient":)" +
                             subject},
        {"Procedure", R"("status":"completed","subject":)" + subject},
        {"RiskAssessment", R"("status":"final","subject":)" + subject}};
    const auto made = north_->put(
        type + "/one", R"({"resourceType":")" + type + R"(","id":"one",)" + more[type] + "}");
    ASSERT_EQ(made.status, 201U) << made.body;
  }
  /// The sessions of what was journalled behind `before`; each rests on what the ledger holds.
  std::set<model::Id> sessions_behind(std::uint64_t before) {
    std::set<model::Id> out;
    const auto state = live_->node->ledger().state();
    for (std::uint64_t at = before + 1; at <= custodian().stores().journal().size(); ++at) {
      const auto kept = custodian().stores().journal().entry(at);
      EXPECT_TRUE(kept.ok());
      if (!kept.ok() || kept->entry.session.is_zero()) continue;
      out.insert(kept->entry.session);
      const auto session = contracts::access::find_session(*state, kept->entry.session);
      EXPECT_TRUE(session.has_value());
      xinglin::access::v1::AccessDetails details;
      EXPECT_TRUE(model::decode_canonical(kept->entry.evidence, details));
      if (!session) continue;
      EXPECT_LE(session->consents_size(), static_cast<int>(limits::session_consents_max));
      EXPECT_FALSE(details.consents().empty());
      for (const std::string& one : details.consents()) {
        EXPECT_TRUE(std::ranges::binary_search(session->consents(), one)) << "of another session";
      }
    }
    return out;
  }
};

TEST_F(ManyConsents, NineThatOverlapAreNoMoreThanOne) {
  demo::Persona ann = patient();
  for (int i = 0; i < 9; ++i) (void)share(ann, {"Observation"});
  FhirClient doctor = ward();
  const std::uint64_t before = custodian().stores().journal().size();
  EXPECT_EQ(doctor.get("Observation/o1").status, 200U);
  EXPECT_EQ(total(doctor.get("Observation?patient=p1")), "2");
  const auto sessions = sessions_behind(before);
  ASSERT_EQ(sessions.size(), 1U);
  const auto record =
      contracts::access::find_session(*live_->node->ledger().state(), *sessions.begin());
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->consents_size(), 1) << "the fewest that serve it";
}

TEST_F(ManyConsents, TenOfOneTypeEachAreReadUnderTwoSessions) {
  demo::Persona ann = patient();
  for (const std::string& type : ten_types) {
    put(type);
    (void)share(ann, {type});
  }
  (void)share(ann, {"Patient"});
  FhirClient doctor = ward();
  const std::uint64_t before = custodian().stores().journal().size();
  const auto all = doctor.get("Patient/p1/$everything?_count=100");
  ASSERT_EQ(all.status, 200U) << all.body;
  EXPECT_EQ(parsed(all).root().find("entry").size(), ten_types.size() + 1);
  EXPECT_EQ(sessions_behind(before).size(), 2U);
  // The sessions that run serve what is asked for next.
  const auto history = [&] { return live_->node->ledger().head()->history_size; };
  const std::uint64_t then = history();
  EXPECT_EQ(doctor.get("Condition/one").status, 200U);
  EXPECT_EQ(doctor.get("Patient/p1/$everything?_count=100").status, 200U);
  EXPECT_LE(history(), then + 2) << "roots of the journal alone";
}

/// A doctor of the other organisation asks through their own: one session for each page.
TEST_F(ManyConsents, AnotherMemberIsGivenThemPageByPage) {
  demo::Persona ann = patient();
  for (const std::string& type : ten_types) {
    put(type);
    (void)share(ann, {type});
  }
  for (const auto& one : live_->node->custody().organisations()) {
    ASSERT_TRUE(one->desk().tell_agreement_key().ok());
  }
  demo::Persona south = live_->hospital(1);
  FhirClient doctor(live_->doctor(south, "ward"), live_->organisations[1]);
  const std::uint64_t before = custodian().stores().journal().size();
  const auto gathered =
      doctor.post("Patient/$gather",
                  R"({"resourceType":"Parameters","parameter":[{"name":"source","valueString":")" +
                      model::did_text(live_->organisations[0]) + "|" +
                      model::did_text(patient_did_) + R"("}]})");
  ASSERT_EQ(gathered.status, 200U) << gathered.body;
  EXPECT_EQ(parsed(gathered).root().find("entry").size(), ten_types.size() + 1) << gathered.body;
  EXPECT_EQ(sessions_behind(before).size(), 2U);
}

}  // namespace
}  // namespace xl::node
