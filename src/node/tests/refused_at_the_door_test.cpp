// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: who asks for what they may not at all is in the log of the patient whom they named, at
// every door, and leaves as much where the record is not there. Method: a real node; an outsider
// and staff try each door, about a record that is there and one that is not.
#include <gtest/gtest.h>

#include "client/emergency.h"
#include "contracts/access/view.h"
#include "custody/access_log.h"
#include "node/tests/care.h"

namespace xl::node {
namespace {

using testing::Care;
using testing::FhirClient;
using testing::observation_json;
using testing::parsed;
using testing::patient_json;

class RefusedAtTheDoor : public Care {
 protected:
  void SetUp() override {
    Care::SetUp();
    outsider_ = std::make_unique<FhirClient>(ward());
    staff_ = std::make_unique<FhirClient>(live_->doctor(north_->who(), "li"), custodian().did());
  }
  void TearDown() override {
    staff_.reset();
    outsider_.reset();
    Care::TearDown();
  }
  [[nodiscard]] std::uint64_t size() { return custodian().stores().journal().size(); }
  /// The entries behind `before`.
  std::vector<model::JournalEntry> behind(std::uint64_t before) {
    std::vector<model::JournalEntry> out;
    for (std::uint64_t sequence = before + 1; sequence <= size(); ++sequence) {
      auto kept = custodian().stores().journal().entry(sequence);
      EXPECT_TRUE(kept.ok());
      if (kept.ok()) out.push_back(std::move(kept->entry));
    }
    return out;
  }
  /// An answer without the number of its request.
  static std::string without_request(const std::string& body) {
    return body.substr(0, body.find("\"request_id\""));
  }
  /// `ask` of something of Ann's is refused and in her log; of what is not there it is refused with
  /// the same answer and in nobody's.
  void expect_denied(FhirClient& who, std::string_view action, unsigned status,
                     const std::function<client::HttpResponse(const std::string& id)>& ask,
                     const std::string& there, const std::string& absent) {
    SCOPED_TRACE(std::string(action) + " " + there);
    std::uint64_t before = size();
    const auto refused = ask(there);
    EXPECT_EQ(refused.status, status) << refused.body;
    const auto entries = behind(before);
    ASSERT_EQ(entries.size(), 1U);
    EXPECT_EQ(entries[0].action, action);
    EXPECT_EQ(entries[0].patient, patient_did_);
    EXPECT_EQ(entries[0].actor, who.who().did());
    EXPECT_EQ(entries[0].decision, model::JournalDecision::denied);
    EXPECT_EQ(entries[0].reason, custody::not_for_this_role);
    before = size();
    const auto missed = ask(absent);
    EXPECT_EQ(missed.status, status) << missed.body;
    EXPECT_EQ(without_request(missed.body), without_request(refused.body));
    const auto nobodys = behind(before);
    ASSERT_EQ(nobodys.size(), 1U);
    EXPECT_EQ(nobodys[0].action, action);
    EXPECT_TRUE(nobodys[0].patient.is_zero());
  }
  std::unique_ptr<FhirClient> outsider_;
  std::unique_ptr<FhirClient> staff_;
};

TEST_F(RefusedAtTheDoor, OfPreviewsAndOfTheLog) {
  for (FhirClient* who : {outsider_.get(), staff_.get()}) {
    const bool house = who == staff_.get();
    const std::string actor = "Practitioner/" + who->who().did().text();
    expect_denied(
        *who, "see-as", 403,
        [&](const std::string& id) {
          return who->get("Patient/" + id + "/$see-as?actor=" + actor);
        },
        "p1", "p9");
    expect_denied(
        *who, "explain", 403,
        [&](const std::string& id) {
          return who->get("Patient/" + id + "/$explain?record=Observation/o1&actor=" + actor);
        },
        "p1", "p9");
    expect_denied(
        *who, "access-log", house ? 403 : 404,
        [&](const std::string& id) { return who->get("Patient/" + id + "/$access-log"); }, "p1",
        "p9");
  }
}

TEST_F(RefusedAtTheDoor, OfWritesByOutsidersAndOfErasuresByStaff) {
  expect_denied(
      *outsider_, "update", 403,
      [&](const std::string& id) {
        return outsider_->put("Observation/" + id, observation_json(id, "p1"));
      },
      "o1", "o9");
  expect_denied(
      *outsider_, "delete", 403,
      [&](const std::string& id) { return outsider_->ask("DELETE", "Observation/" + id); }, "o1",
      "o9");
  expect_denied(
      *outsider_, "transaction", 403,
      [&](const std::string& id) {
        return outsider_->ask(
            "POST", "",
            R"({"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"PUT",)"
            R"("url":"Observation/)" +
                id + R"("},"resource":)" + observation_json(id, "p1") + "}]}");
      },
      "o1", "o9");
  for (FhirClient* who : {outsider_.get(), staff_.get()}) {
    expect_denied(
        *who, "erase", 403,
        [&](const std::string& id) {
          return who->post("Observation/" + id + "/$erase", R"({"resourceType":"Parameters"})");
        },
        "o1", "o9");
  }
  const std::string house = "/o/" + custodian().did().text();
  expect_denied(
      *staff_, "erase", 403,
      [&](const std::string& id) {
        return *staff_->who().session->ask("POST", house + "/erasures", "application/json",
                                           R"({"type":"Observation","id":")" + id + "\"}");
      },
      "o1", "o9");
  EXPECT_EQ(north_->get("Observation/o1").status, 200U);
}

TEST_F(RefusedAtTheDoor, OfConsentsAndLogsByDid) {
  const std::string house = "/o/" + custodian().did().text();
  for (FhirClient* who : {outsider_.get(), staff_.get()}) {
    for (const auto& [path, action] :
         {std::pair("/consents", "list-consents"), std::pair("/access-log", "access-log")}) {
      expect_denied(
          *who, action, 403,
          [&](const std::string& did) {
            return *who->who().session->ask("GET", house + path + "?patient=" + did);
          },
          model::did_text(patient_did_), model::did_text(client::random_id()));
    }
  }
}

TEST_F(RefusedAtTheDoor, OfABrokenGlass) {
  demo::Persona south = live_->hospital(1);
  const auto officer = live_->cast().practitioner(
      south, "desk", contracts::identity::Role::registrar, contracts::identity::LicenceType::none);
  ASSERT_TRUE(officer.ok());
  const auto attempt = [&](const model::Id& patient) {
    client::Sent sent;
    return client::declare_emergency(*officer->session, custodian().did(),
                                     {patient, "other", "out of curiosity"}, sent);
  };
  std::uint64_t before = size();
  EXPECT_FALSE(attempt(patient_did_).ok());
  auto entries = behind(before);
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].action, contracts::access::glass_broken_action);
  EXPECT_EQ(entries[0].patient, patient_did_);
  EXPECT_EQ(entries[0].actor, officer->did());
  EXPECT_EQ(entries[0].decision, model::JournalDecision::denied);
  before = size();
  const auto stranger = attempt(client::random_id());
  EXPECT_FALSE(stranger.ok());
  entries = behind(before);
  ASSERT_EQ(entries.size(), 1U) << stranger.error().text();
  EXPECT_TRUE(entries[0].patient.is_zero());
  // Whom it was about is told of each refusal.
  demo::Persona ann = patient();
  const auto log =
      ann.session->ask("GET", "/o/" + custodian().did().text() + "/access-log?count=100");
  ASSERT_TRUE(log.ok());
  EXPECT_NE(log->body.find(R"("action":"break-glass")"), std::string::npos) << log->body;
}

}  // namespace
}  // namespace xl::node
