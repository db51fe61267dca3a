// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: what was acknowledged stays, and what was erased never comes back, whoever else writes,
// reads or erases meanwhile. Method: bodies are left in a node's vault as a writer leaves them who
// was not answered in time, and the record is written again; then records and patients are erased
// while others write and search, and every listing is compared with the answers that were given.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "custody/labels.h"
#include "node/tests/live_node.h"

namespace xl::node {
namespace {

using testing::FhirClient;
using testing::LiveNode;
using testing::observation_json;
using testing::parsed;
using testing::patient_json;

class RecordRace : public ::testing::Test {
 protected:
  void SetUp() override {
    live_ = std::make_unique<LiveNode>("race");
    start();
    ASSERT_EQ(north_->put("Patient/p1", patient_json("p1", "Ann")).status, 201U);
  }
  void TearDown() override {
    north_.reset();
    live_.reset();
  }
  void start() {
    live_->start();
    ASSERT_NE(live_->node, nullptr);
    north_ = std::make_unique<FhirClient>(live_->hospital(0), live_->organisations[0]);
  }
  void restart() {
    north_.reset();
    live_->stop();
    start();
  }
  custody::Organisation& custodian() {
    return *live_->node->custody().find(live_->organisations[0]);
  }
  query::RecordEntry current(const char* type, const std::string& id) {
    auto out = custodian().stores().index().current(type, id);
    EXPECT_TRUE(out.ok()) << id;
    return out.ok() ? *out : query::RecordEntry{};
  }
  /// A version whose writer was not answered: its body and key are kept, nothing else.
  void leave_unanswered(const model::Id& record, std::uint32_t version, const std::string& id,
                        const std::string& content) {
    custody::Labels labels;
    labels.set_kind(static_cast<std::uint32_t>(custody::Kind::resource));
    labels.set_type("Observation");
    labels.set_id(id);
    labels.set_last_updated_ms(live_->clock.now_ms());
    labels.set_confidentiality(3);
    labels.set_author_organisation(std::string(text_of(live_->organisations[0].view())));
    const auto sealed = custody::encode_labels(labels);
    ASSERT_TRUE(sealed.ok());
    const vault::RecordVault::New one{
        current("Patient", "p1").patient, {record, version}, view_of(content), *sealed};
    const auto kept =
        custodian().stores().vault().put_batch(std::span(&one, 1), live_->clock.now_ms() + 120'000);
    ASSERT_TRUE(kept.ok()) << kept.error().text();
  }
  std::uint64_t pending() {
    const auto counted = custodian().stores().bodies().count();
    EXPECT_TRUE(counted.ok());
    return counted.ok() ? counted->pending : 1;
  }
  std::size_t found(const std::string& path) {
    const auto answer = north_->get(path);
    EXPECT_EQ(answer.status, 200U) << answer.body;
    return parsed(answer).root().find("entry").size();
  }

  std::unique_ptr<LiveNode> live_;
  std::unique_ptr<FhirClient> north_;
};

TEST_F(RecordRace, ARecordWrittenAgainKeepsItsNameFromTheOneNobodyWasAnsweredAbout) {
  leave_unanswered(custody::random_id(), 1, "late", observation_json("late", "p1", "1.00"));
  ASSERT_EQ(north_->put("Observation/late", observation_json("late", "p1", "2.00")).status, 201U);
  restart();
  EXPECT_NE(north_->get("Observation/late").body.find("\"value\":2.00"), std::string::npos);
  EXPECT_EQ(found("Observation/late/_history"), 1U);
  EXPECT_EQ(pending(), 0U);
}

TEST_F(RecordRace, AVersionNobodyWasAnsweredAboutIsSettledBeforeTheNext) {
  ASSERT_EQ(north_->put("Observation/o1", observation_json("o1", "p1", "1.00")).status, 201U);
  leave_unanswered(current("Observation", "o1").record, 2, "o1",
                   observation_json("o1", "p1", "2.00"));
  const auto again = north_->put("Observation/o1", observation_json("o1", "p1", "3.00"));
  EXPECT_EQ(again.status, 503U) << again.body;
  EXPECT_NE(north_->get("Observation/o1").body.find("\"value\":2.00"), std::string::npos);
  const auto third = north_->put("Observation/o1", observation_json("o1", "p1", "3.00"));
  EXPECT_EQ(third.status, 200U) << third.body;
  EXPECT_EQ(third.headers.at("etag"), "W/\"3\"");
  restart();
  EXPECT_EQ(found("Observation/o1/_history"), 3U);
  EXPECT_EQ(pending(), 0U);
}

TEST_F(RecordRace, WhatIsErasedWhileOthersWriteAndSearchIsGoneFromEveryListing) {
  const std::string erasures = "/o/" + live_->organisations[0].text() + "/erasures";
  for (int round = 0; round < 4; ++round) {
    const std::string patient = "v" + std::to_string(round);
    ASSERT_EQ(north_->put("Patient/" + patient, patient_json(patient, "Victim")).status, 201U);
    const std::string pseudonym = model::did_text(current("Patient", patient).patient);
    std::atomic<bool> stop{false};
    std::atomic<int> failed{0};
    std::vector<std::thread> others;
    for (int writer = 0; writer < 3; ++writer) {
      others.emplace_back([&, writer] {
        FhirClient own(live_->hospital(0), live_->organisations[0]);
        for (int i = 0; !stop; ++i) {
          const std::string id =
              patient + "-" + std::to_string(writer) + "-" + std::to_string(i % 5);
          (void)own.put("Observation/" + id, observation_json(id, patient));
        }
      });
    }
    others.emplace_back([&] {
      FhirClient own(live_->hospital(0), live_->organisations[0]);
      while (!stop) {
        for (const char* path : {"Observation?_count=200", "_history?_count=200"}) {
          if (own.get(path).status != 200U) ++failed;
        }
      }
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    const auto erased = north_->who().session->ask("POST", erasures, "application/json",
                                                   R"({"patient":")" + pseudonym + "\"}");
    ASSERT_TRUE(erased.ok());
    EXPECT_EQ(erased->status, 201U) << erased->body;
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    stop = true;
    for (std::thread& one : others) one.join();
    EXPECT_EQ(failed.load(), 0);
    EXPECT_EQ(north_->get("Patient/" + patient).status, 410U);
  }
  for (const bool again : {false, true}) {
    if (again) restart();
    EXPECT_EQ(found("Observation?_count=200"), 0U);
    EXPECT_EQ(found("_history?_count=200"), 1U);  // p1
  }
  EXPECT_EQ(pending(), 0U);
}

}  // namespace
}  // namespace xl::node
