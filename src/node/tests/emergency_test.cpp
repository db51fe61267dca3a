// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: an emergency lasts 60 minutes and once 60 more, and a review that is overdue blocks nobody:
// from then on a second clinician signs too. Method: a real node whose clock is moved past the ends
// and past `review_within_ms`; requests for signatures are signed in turn, as files carry them.
#include "client/emergency.h"

#include <gtest/gtest.h>

#include "base/json/writer.h"
#include "client/access_proof.h"
#include "contracts/access/messages.pb.h"
#include "contracts/access/records.h"
#include "contracts/access/sealed.h"
#include "contracts/access/view.h"
#include "custody/custody.h"
#include "model/canonical.h"
#include "model/limits.h"
#include "model/transaction.h"
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

  /// What the patient's log says of emergencies, oldest first.
  [[nodiscard]] std::vector<std::string> glass_actions() {
    std::vector<std::string> out;
    const auto page = live_->node->custody()
                          .find(custodian())
                          ->stores()
                          .journal()
                          .entries_of(patient_, 0, limits::vault_page_max);
    EXPECT_TRUE(page.ok());
    for (const vault::KeptEntry& kept : *page) {
      if (contracts::access::is_glass_action(kept.entry.action)) out.push_back(kept.entry.action);
    }
    return out;
  }
  demo::Persona patient() {
    auto out = live_->cast().patient(north_->who(), "ann", patient_);
    EXPECT_TRUE(out.ok()) << out.error().text();
    return std::move(*out);
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
  const auto begun = client::emergency_request(*doctor_->who().session, custodian(),
                                               {patient_, "stroke", "cannot speak since noon"},
                                               card_of(*second_), entry);
  ASSERT_TRUE(begun.ok()) << begun.error().text();
  EXPECT_FALSE(begun->complete());
  EXPECT_EQ(begun->people(), 2U);
  client::SigningRequest request = carried(*begun);
  const auto asked = client::asked_emergency(request);
  ASSERT_TRUE(asked.ok() && asked->emergency) << "asked for nothing";
  EXPECT_EQ(asked->entry, entry);
  EXPECT_EQ(asked->emergency->text, "cannot speak since noon");
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

/// The log says that the glass is broken before anything was read, and each time what becomes of
/// it, once; everybody who is given the proofs can check it by the ledger.
TEST_F(EmergencyTest, WhatBecomesOfItIsInThePatientsLogOnceAndProved) {
  model::Id entry;
  const auto alone = declare_alone(entry);
  ASSERT_TRUE(alone.ok() && alone->applied());
  using Actions = std::vector<std::string>;
  Actions wanted{"break-glass"};
  EXPECT_EQ(glass_actions(), wanted);
  const auto renewal =
      client::renewal_request(*doctor_->who().session, custodian(), entry, std::nullopt);
  ASSERT_TRUE(renewal.ok());
  ASSERT_TRUE(client::send_emergency(*doctor_->who().session, carried(*renewal))->applied());
  wanted.emplace_back("break-glass-renewed");
  EXPECT_EQ(glass_actions(), wanted);
  EXPECT_EQ(read(entry), 200U);
  // Whoever ends it tells the ledger alone; the custodian follows that.
  xinglin::access::v1::EndEmergency end;
  end.set_entry(client::bytes_of(entry.bytes));
  const auto send_end = [&](FhirClient& who) {
    return who.who().session->submit(contracts::access::contract_number,
                                     contracts::access::end_emergency_type, end);
  };
  EXPECT_FALSE(send_end(*second_)->applied()) << "took no part";
  EXPECT_EQ(read(entry), 200U);
  ASSERT_TRUE(send_end(*doctor_)->applied());
  EXPECT_NE(read(entry), 200U) << "and the session that was open under it";
  wanted.emplace_back("break-glass-ended");
  custody::Organisation& house = *live_->node->custody().find(custodian());
  for (int i = 0; i < 2; ++i) {  // the one behind asks again, as an index made anew does
    const auto view = custody::look(live_->node->custody().port());
    ASSERT_TRUE(view.ok());
    ASSERT_TRUE(house.desk().note_emergency(*view, entry).ok());
    EXPECT_EQ(glass_actions(), wanted);
  }
  // Told once each, by the ledger's events: two notices, none for the entries.
  demo::Persona ann = patient();
  const std::string base = "/o/" + custodian().text();
  std::size_t told = 0;
  const auto notices = ann.session->ask("GET", base + "/notices?count=100");
  ASSERT_TRUE(notices.ok());
  const std::string mark = R"("kind":"emergency")";
  for (std::size_t at = 0; (at = notices->body.find(mark, at)) != std::string::npos; ++at) ++told;
  EXPECT_EQ(told, 2U + 2U) << notices->body;  // and the two reads
  // With the proofs.
  ASSERT_TRUE(house.desk().anchor_journal().ok());
  ASSERT_TRUE(house.desk().seal_sessions(true).ok());
  const auto pages = ann.session->ask("GET", base + "/access-log/proofs?count=100");
  ASSERT_TRUE(pages.ok());
  const auto proofs = client::read_access_proofs(testing::parsed(*pages).root());
  ASSERT_TRUE(proofs.ok()) << proofs.error().text();
  const model::Genesis& genesis = live_->node->ledger().genesis();
  const auto proven = client::check_access_proofs(*proofs, genesis);
  ASSERT_TRUE(proven.ok()) << proven.error().text();
  // An entry about an emergency that is none, or another's, is found.
  std::size_t checked = 0;
  for (const client::AccessProof& one : proofs->entries) {
    if (!one.emergency) continue;
    ++checked;
    client::AccessProof without = one;
    without.emergency.reset();
    EXPECT_FALSE(client::check_access_proof(without, genesis).ok());
    without.emergency = one.anchor;
    EXPECT_FALSE(client::check_access_proof(without, genesis).ok());
  }
  EXPECT_EQ(checked, wanted.size());
  // It can be reviewed now.
  const auto record = contracts::access::find_emergency(*live_->node->ledger().state(), entry);
  ASSERT_TRUE(record.has_value());
  EXPECT_LE(record->ends_ms(), live_->clock.now_ms());
}

/// Both doors ask for a reason of the list and words that say something: the clinician's program,
/// and the custodian, whatever the program let through.
TEST_F(EmergencyTest, ACodeOfTheListAndTenCharactersAreTheReason) {
  const auto declare = [&](const char* code, const char* text) -> std::optional<ErrorCode> {
    client::Sent sent;
    const auto made = client::declare_emergency(*doctor_->who().session, custodian(),
                                                {patient_, code, text}, sent);
    return made.ok() ? std::nullopt : std::optional(made.error().code);
  };
  EXPECT_EQ(declare("curious", "found in the snow"), ErrorCode::emergency_code_unknown);
  EXPECT_EQ(declare("unconscious", "n   e   w   s"), ErrorCode::emergency_text_refused);
  EXPECT_EQ(declare("unconscious", "车祸后昏迷不醒无法交流"), std::nullopt);
  // A program that does not check signs what it likes.
  model::Id entry;
  const auto honest =
      client::emergency_request(*doctor_->who().session, custodian(),
                                {patient_, "other", "found in the snow"}, std::nullopt, entry);
  ASSERT_TRUE(honest.ok());
  xinglin::access::v1::DeclareEmergency message;
  ASSERT_TRUE(model::decode_canonical(honest->body.messages.front().payload, message));
  for (const auto& [code, text, refusal] :
       {std::tuple("curious", "found in the snow", "XL3530"), std::tuple("other", "none", "XL3531"),
        std::tuple("other", "", "XL3531")}) {
    xinglin::access::v1::EmergencyReason reason;
    reason.set_version(1);
    reason.set_salt(std::string(32, 'Z'));
    reason.set_code(code);
    reason.set_text(text);
    message.set_reason(contracts::access::details_commitment(model::encode(reason)));
    model::Body body = honest->body;
    body.messages.front().payload = model::encode(message);
    const Bytes bytes = model::encode_body(body);
    const Bytes signature = doctor_->who().session->identity().key.sign(model::signed_bytes(bytes));
    json::Writer out;
    out.begin_object().key("body").string(to_base64(bytes)).key("signatures").begin_array();
    out.string(to_base64(signature)).end_array().key("reason").begin_object();
    out.key("salt").string(to_base64(view_of(reason.salt()))).key("code").string(code);
    out.key("text").string(text).end_object().end_object();
    const auto answer = doctor_->who().session->ask(
        "POST", "/o/" + custodian().text() + "/emergencies", "application/json", out.take());
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer->status, 422U) << answer->body;
    EXPECT_NE(answer->body.find(refusal), std::string::npos) << answer->body;
  }
}

}  // namespace
}  // namespace xl::node
