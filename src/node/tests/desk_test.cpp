// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: who was let into a patient's care stays in it until let out, every write is in the
// patient's log, and whatever is journalled comes onto the ledger in one round. Method: a real node
// with two doctors and a registrar, asked over HTTP; a journal filled beyond two roots.
#include <gtest/gtest.h>

#include <map>

#include "contracts/access/view.h"
#include "contracts/identity/records.h"
#include "model/limits.h"
#include "node/tests/care.h"
#include "vault/journal.h"

namespace xl::node {
namespace {

using testing::FhirClient;
using testing::parsed;

class Desk : public testing::Care {};

/// An encounter of p1 in which `doctor` takes part.
std::string encounter_json(FhirClient& doctor, const std::string& extra = "") {
  return R"({"resourceType":"Encounter","id":"v1","status":"in-progress",)"
         R"("class":{"code":"AMB"},"subject":{"reference":"Patient/p1"})" +
         extra + R"(,"participant":[{"individual":{"reference":"Practitioner/)" +
         doctor.who().did().text() + R"("}}]})";
}

TEST_F(Desk, ADoctorWhoAmendsTheEncounterStaysInCare) {
  FhirClient doctor(live_->doctor(north_->who(), "li"), live_->organisations[0]);
  FhirClient other(live_->doctor(north_->who(), "wu"), live_->organisations[0]);
  ASSERT_EQ(north_->put("Encounter/v1", encounter_json(doctor)).status, 201U);
  EXPECT_EQ(doctor.get("Observation/o1").status, 200U);
  const std::string amended = encounter_json(doctor, R"(,"priority":{"text":"urgent"})");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(doctor.put("Encounter/v1", amended).status, 200U);
    EXPECT_EQ(doctor.get("Observation/o1").status, 200U);
  }
  // Who was let out does not come back by an encounter of their own making.
  ASSERT_EQ(north_->put("Encounter/v1", encounter_json(other)).status, 200U);
  EXPECT_EQ(doctor.get("Observation/o1").status, 403U);
  EXPECT_EQ(doctor.put("Encounter/v1", encounter_json(doctor)).status, 403U);
  EXPECT_EQ(other.get("Observation/o1").status, 200U);
}

TEST_F(Desk, AtTheDeskNobodyLetsThemselvesIn) {
  auto made =
      live_->cast().practitioner(north_->who(), "desk", contracts::identity::Role::registrar,
                                 contracts::identity::LicenceType::none);
  ASSERT_TRUE(made.ok()) << made.error().text();
  FhirClient desk(std::move(*made), live_->organisations[0]);
  FhirClient doctor(live_->doctor(north_->who(), "li"), live_->organisations[0]);
  // Named by the organisation, taken out, then in again by their own hand.
  ASSERT_EQ(north_->put("Encounter/v1", encounter_json(desk)).status, 201U);
  ASSERT_EQ(north_->put("Encounter/v1", encounter_json(doctor)).status, 200U);
  ASSERT_EQ(desk.put("Encounter/v1", encounter_json(desk)).status, 200U);
  EXPECT_EQ(desk.get("Observation/o1").status, 403U);
  ASSERT_EQ(desk.put("Encounter/v1", encounter_json(desk)).status, 200U);
  EXPECT_EQ(desk.get("Observation/o1").status, 403U);
  // What the desk and the organisation's software write is in the patient's log as well.
  demo::Persona ann = patient();
  std::map<std::string, std::string> why;
  const json::Document log = parsed(
      *ann.session->ask("GET", "/o/" + live_->organisations[0].text() + "/access-log?count=200"));
  for (const json::Value entry : log.root().find("entries").items()) {
    if (!entry.find("what").as_string().value_or("").starts_with("Encounter/v1/")) continue;
    EXPECT_TRUE(entry.find("permitted").as_bool().value_or(false));
    why[std::string(entry.find("what").as_string().value_or(""))] =
        std::string(entry.find("action").as_string().value_or("")) + " " +
        std::string(entry.find("reasons").as_string().value_or(""));
  }
  EXPECT_EQ(why["Encounter/v1/_history/1"], "create by_the_organisation");
  EXPECT_EQ(why["Encounter/v1/_history/2"], "update by_the_organisation");
  EXPECT_EQ(why["Encounter/v1/_history/3"], "update at_the_desk");
}

TEST_F(Desk, WhatIsGoneIsToldToThoseInCareOnly) {
  FhirClient doctor(live_->doctor(north_->who(), "li"), live_->organisations[0]);
  ASSERT_EQ(north_->ask("DELETE", "Observation/o1").status, 204U);
  EXPECT_EQ(north_->ask("DELETE", "Observation/o1").status, 204U);  // again: nothing happens
  const std::uint64_t before = custodian().stores().journal().size();
  EXPECT_EQ(doctor.ask("DELETE", "Observation/o1").status, 403U);
  EXPECT_EQ(custodian().stores().journal().size(), before + 1);
  ASSERT_EQ(north_->put("Encounter/v1", encounter_json(doctor)).status, 201U);
  EXPECT_EQ(doctor.ask("DELETE", "Observation/o1").status, 204U);
}

TEST_F(Desk, ARefusalToTheHouseIsForbiddenAndSaysSo) {
  FhirClient doctor(live_->doctor(north_->who(), "li"), live_->organisations[0]);
  const json::Document refused = parsed(doctor.get("Observation/o1"));
  const json::Value issue = refused.root().find("issue").at(0);
  EXPECT_EQ(issue.find("code").as_string(), "forbidden");
  EXPECT_EQ(issue.find("details").find("coding").at(0).find("code").as_string(), "XL3511");
}

TEST_F(Desk, OneRoundAnchorsAllThatIsJournalled) {
  model::JournalEntry one;
  one.time_ms = live_->clock.now_ms();
  one.actor = one.organisation = live_->organisations[0];
  one.patient = patient_did_;
  one.action = "read";
  one.purpose = "TREAT";
  const std::vector<model::JournalEntry> group(limits::journal_group_max, one);
  vault::Journal& journal = custodian().stores().journal();
  for (std::uint32_t done = 0; done <= 2 * limits::journal_batch_max;
       done += limits::journal_group_max) {
    ASSERT_TRUE(journal.append_batch(group).ok());
  }
  live_->clock.shift_ms(2000);
  const std::uint64_t waiting = custodian().stores().journal().size();
  client::HttpClient http({"127.0.0.1", std::to_string(live_->node->port())});
  const auto age = [&] {
    const auto page = http.get("/metrics");
    EXPECT_TRUE(page.ok());
    const std::string name = "\nxinglin_custody_unanchored_age_ms ";
    return std::stoull(page->body.substr(page->body.find(name) + name.size()));
  };
  EXPECT_GE(age(), 2000U);
  const auto stopped = custodian().desk().anchor_journal(64, [] { return true; });
  ASSERT_TRUE(stopped.ok());
  EXPECT_EQ(*stopped, 1U);  // not one more
  EXPECT_GE(age(), 2000U);
  const auto anchored = custodian().desk().anchor_journal();
  ASSERT_TRUE(anchored.ok()) << anchored.error().text();
  EXPECT_GE(*anchored, 2U);
  const auto head =
      contracts::access::find_journal(*live_->node->ledger().state(), live_->organisations[0]);
  ASSERT_TRUE(head.has_value());
  EXPECT_GT(head->next_sequence(), waiting);
  EXPECT_FALSE(journal.oldest_unanchored_ms()->has_value());
}

}  // namespace
}  // namespace xl::node
