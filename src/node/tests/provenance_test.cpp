// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: who wrote each version of a record is a Provenance for those who may read the version; to
// anybody else there is nothing. Method: a real node; a record written by software and changed by a
// doctor, asked about by both, by the patient and by a doctor from elsewhere.
#include "client/record_proof.h"
#include "node/tests/audit.h"

namespace xl::node {
namespace {

using testing::FhirClient;
using testing::observation_json;
using testing::parsed;

class ProvenanceOfRecords : public testing::AuditCare {
 protected:
  /// A doctor of the house in whose hands Ann is, and who changed an observation.
  FhirClient treating() {
    FhirClient out(live_->doctor(north_->who(), "li"), live_->organisations[0]);
    EXPECT_EQ(north_
                  ->put("Encounter/v1",
                        R"({"resourceType":"Encounter","id":"v1","status":"in-progress","class":)"
                        R"({"code":"AMB"},"subject":{"reference":"Patient/p1"},"participant":[{)"
                        R"("individual":{"reference":"Practitioner/)" +
                            out.who().did().text() + R"("}}]})")
                  .status,
              201U);
    EXPECT_EQ(out.put("Observation/o1", observation_json("o1", "p1", "9.9")).status, 200U);
    return out;
  }
};

TEST_F(ProvenanceOfRecords, EachVersionHasItsAuthorAndItsAnchor) {
  FhirClient doctor = treating();
  const std::uint64_t before = journalled();
  const Found found = all_pages(doctor, "Provenance?target=Observation/o1&_count=1");
  ASSERT_EQ(found.total, 2U);
  ASSERT_EQ(found.bodies.size(), 2U);
  for (const std::string& body : found.bodies) expect_valid(body);
  EXPECT_NE(found.bodies[0].find("Observation/o1/_history/2"), npos);
  EXPECT_NE(found.bodies[0].find("\"UPDATE\""), npos);
  EXPECT_NE(found.bodies[0].find("Practitioner/" + doctor.who().did().text()), npos);
  EXPECT_NE(found.bodies[0].find("\"revision\""), npos);
  EXPECT_NE(found.bodies[1].find("\"CREATE\""), npos);
  EXPECT_EQ(found.bodies[1].find("Practitioner/"), npos);
  EXPECT_NE(found.bodies[1].find("\"North\""), npos);
  EXPECT_EQ(journalled(), before + 2);  // as two reads
  EXPECT_EQ(total(doctor.get("Provenance?target=Observation/o1/_history/1")), "1");
  EXPECT_EQ(total(doctor.get("Provenance?target=Observation/o1&agent=Practitioner/" +
                             doctor.who().did().text())),
            "1");
  EXPECT_EQ(total(doctor.get("Provenance?target=Observation/o1&recorded=lt2000-01-01")), "0");
  EXPECT_EQ(doctor.get("Provenance?target=Observation/o1&nonsense=1").status, 400U);
  const auto one = doctor.get(found.names[0]);
  EXPECT_EQ(one.status, 200U) << one.body;
  EXPECT_NE(one.body.find("\"commitment\""), npos);
  // The link leads to a proof that holds.
  const std::size_t at = one.body.find("/o/" + live_->organisations[0].text() + "/records/");
  ASSERT_NE(at, npos);
  const auto proof =
      doctor.who().session->ask("GET", one.body.substr(at, one.body.find('"', at) - at));
  ASSERT_TRUE(proof.ok());
  EXPECT_EQ(proof->status, 200U) << proof->body;
  EXPECT_EQ(north_->put(found.names[0], one.body).status, 409U);
}

TEST_F(ProvenanceOfRecords, WhoMayNotReadTheTargetLearnsNothing) {
  FhirClient doctor = treating();
  const std::string name = all_pages(doctor, "Provenance?target=Observation/o1").names[0];
  FhirClient other(live_->doctor(north_->who(), "wu"), live_->organisations[0]);
  FhirClient stranger = ward();
  for (FhirClient* one : {&other, &stranger}) {
    EXPECT_EQ(one->get(name).status, one->get("Provenance/nothing").status);
    EXPECT_EQ(one->get(name).body, one->get("Provenance/xl-nothing-1").body);
  }
  EXPECT_EQ(total(other.get("Provenance?target=Observation/o1")), "0");
  EXPECT_EQ(total(other.get("Provenance?target=Observation/none")), "0");
  // From elsewhere a search for nobody's records is refused, for this record as for none.
  EXPECT_EQ(stranger.get("Provenance?target=Observation/o1").status,
            stranger.get("Provenance?target=Observation/none").status);
  // With a consent it is told, and the look is in the patient's log.
  demo::Persona ann = patient();
  share(ann, {"Observation"});
  EXPECT_EQ(stranger.get(name).status, 200U);
  FhirClient own_log = own(std::move(ann));
  const Found looks = all_pages(own_log, "AuditEvent?type=110106&entity=Observation/o1");
  EXPECT_EQ(looks.total, 1U);
}

TEST_F(ProvenanceOfRecords, WhatIsKeptComesBehind) {
  FhirClient doctor = treating();
  const std::string reported =
      R"({"resourceType":"Provenance","id":"v1","target":[{"reference":"Observation/o1"}],)"
      R"("recorded":"2026-01-02T03:04:05Z","agent":[{"who":{"display":"lab"}}]})";
  ASSERT_EQ(north_->put("Provenance/v1", reported).status, 201U);
  const Found found = all_pages(*north_, "Provenance?target=Observation/o1");
  EXPECT_EQ(found.total, 3U);
  ASSERT_EQ(found.names.size(), 3U);
  EXPECT_EQ(found.names.back(), "Provenance/v1");
  EXPECT_EQ(total(north_->get("Provenance?agent=Practitioner/none")), "0");
  EXPECT_EQ(all_pages(*north_, "Provenance?recorded=2026-01-02").total, 1U);
}

}  // namespace
}  // namespace xl::node
