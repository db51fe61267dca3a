// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: an emergency lasts 60 minutes and once 60 more, and a review that is overdue blocks nobody:
// from then on a second clinician signs too. Method: a real node whose clock is moved past the ends
// and past `review_within_ms`; requests for signatures are signed in turn, as files carry them.
#include "client/emergency.h"

#include <gtest/gtest.h>

#include "contracts/access/view.h"
#include "model/limits.h"
#include "node/tests/live_node.h"

namespace xl::node {
namespace {

using testing::FhirClient;
using testing::LiveNode;
using testing::observation_json;
using testing::patient_json;

constexpr std::uint64_t minute_ms = 60 * 1000;

class EmergencyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    live_ = std::make_unique<LiveNode>("emergency");
    live_->start();
    ASSERT_NE(live_->node, nullptr);
    north_ = std::make_unique<FhirClient>(live_->hospital(0), live_->organisations[0]);
    ASSERT_EQ(north_->put("Patient/p1", patient_json("p1", "Ann")).status, 201U);
    ASSERT_EQ(north_->put("Observation/o1", observation_json("o1", "p1")).status, 201U);
    const auto did = demo::pseudonym_of(*north_->who().session, custodian(), "p1");
    ASSERT_TRUE(did.ok()) << did.error().text();
    patient_ = *did;
    south_ = std::make_unique<demo::Persona>(live_->hospital(1));
    doctor_ = std::make_unique<FhirClient>(live_->doctor(*south_, "ward"), custodian());
    second_ = std::make_unique<FhirClient>(live_->doctor(*south_, "second"), custodian());
  }

  [[nodiscard]] const model::Id& custodian() const { return live_->organisations[0]; }
  /// Time passes, and the ledger notices.
  void pass_ms(std::uint64_t ms) {
    live_->clock.shift_ms(ms);
    const std::string id = "tick" + std::to_string(++ticks_);
    ASSERT_EQ(north_->put("Observation/" + id, observation_json(id, "p1")).status, 201U);
  }
  client::Card card_of(FhirClient& who) {
    const auto genesis = who.who().session->genesis();
    EXPECT_TRUE(genesis.ok());
    return client::make_card(who.who().session->identity(), (*genesis)->network);
  }
  /// As a file carries it from one to the other.
  client::SigningRequest carried(const client::SigningRequest& request) {
    auto read = client::read_request(client::write_request(request), request.body.network,
                                     live_->clock.now_ms());
    EXPECT_TRUE(read.ok()) << read.error().text();
    return std::move(*read);
  }
  Result<client::Sent> declare_alone(model::Id& entry) {
    client::Sent sent;
    auto made = client::declare_emergency(*doctor_->who().session, custodian(),
                                          {patient_, "unconscious", "found in the snow"}, sent);
    if (!made.ok()) return made.error();
    entry = *made;
    return sent;
  }
  [[nodiscard]] unsigned read(const model::Id& entry) {
    return doctor_
        ->get("Observation/o1",
              {{"X-Purpose-Of-Use", "ETREAT"}, {"X-Emergency-Entry", entry.text()}})
        .status;
  }

  std::unique_ptr<LiveNode> live_;
  std::unique_ptr<FhirClient> north_;
  std::unique_ptr<demo::Persona> south_;
  std::unique_ptr<FhirClient> doctor_;
  std::unique_ptr<FhirClient> second_;
  model::Id patient_;
  int ticks_ = 0;
};

TEST_F(EmergencyTest, AnOverdueReviewAsksForASecondClinicianWhoCanSign) {
  model::Id first;
  const auto alone = declare_alone(first);
  ASSERT_TRUE(alone.ok() && alone->applied());
  pass_ms(limits::review_within_ms + 2 * minute_ms);
  model::Id refused;
  const auto again = declare_alone(refused);
  EXPECT_TRUE(!again.ok() || !again->applied());
  const std::string why = again.ok() ? again->status_name : again.error().message;
  EXPECT_NE(why.find("second_clinician_missing"), std::string::npos) << why;

  model::Id entry;
  const auto begun =
      client::emergency_request(*doctor_->who().session, custodian(),
                                {patient_, "stroke", "cannot speak"}, card_of(*second_), entry);
  ASSERT_TRUE(begun.ok()) << begun.error().text();
  EXPECT_FALSE(begun->complete());
  EXPECT_EQ(begun->people(), 2U);
  client::SigningRequest request = carried(*begun);
  const auto asked = client::asked_emergency(request);
  ASSERT_TRUE(asked.ok() && asked->emergency) << "asked for nothing";
  EXPECT_EQ(asked->entry, entry);
  EXPECT_EQ(asked->emergency->text, "cannot speak");
  // The reason that is shown is the one that is signed.
  client::SigningRequest altered = request;
  altered.sealed.back() ^= 1;
  EXPECT_EQ(client::asked_emergency(altered).error().code, ErrorCode::signing_request_invalid);
  // A stranger's signature is not asked for.
  EXPECT_EQ(client::sign_request(request, north_->who().session->identity()).error().code,
            ErrorCode::signing_request_for_others);
  ASSERT_TRUE(client::sign_request(request, second_->who().session->identity()).ok());
  ASSERT_TRUE(request.complete());
  const auto sent = client::send_emergency(*second_->who().session, request);
  ASSERT_TRUE(sent.ok()) << sent.error().text();
  ASSERT_TRUE(sent->applied()) << sent->status_name;
  const auto record = contracts::access::find_emergency(*live_->node->ledger().state(), entry);
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->second(), client::bytes_of(second_->who().did().bytes));
  EXPECT_EQ(read(entry), 200U);
}

TEST_F(EmergencyTest, IsRenewedOnceWhileItLasts) {
  model::Id entry;
  const auto alone = declare_alone(entry);
  ASSERT_TRUE(alone.ok() && alone->applied());
  const auto renew = [&](FhirClient& who) -> Result<client::Sent> {
    XL_TRY_ASSIGN(const client::SigningRequest request,
                  client::renewal_request(*who.who().session, custodian(), entry, std::nullopt));
    return client::send_emergency(*who.who().session, carried(request));
  };
  // Only who broke the glass keeps it broken, and no other organisation's key signs for it.
  FhirClient northern(live_->doctor(north_->who(), "li"), custodian());
  for (FhirClient* other : {second_.get(), &northern}) {
    const auto refused = renew(*other);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::emergency_mismatched);
  }
  pass_ms(50 * minute_ms);
  const auto renewed = renew(*doctor_);
  ASSERT_TRUE(renewed.ok()) << renewed.error().text();
  ASSERT_TRUE(renewed->applied()) << renewed->status_name;
  pass_ms(30 * minute_ms);
  EXPECT_EQ(read(entry), 200U);  // 80 minutes after it began
  const auto twice = renew(*doctor_);
  const std::string why = twice.ok() ? twice->status_name : twice.error().message;
  EXPECT_NE(why.find("renewed_already"), std::string::npos) << why;
  pass_ms(45 * minute_ms);
  EXPECT_NE(read(entry), 200U);
}

}  // namespace
}  // namespace xl::node
