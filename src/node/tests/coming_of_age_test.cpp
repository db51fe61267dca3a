// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: a guardian acts until the ward comes of age and not a moment longer, the ward is seen
// coming and takes over with a key of its own, and two of three guardians bring back a lost key
// after the waiting period. Method: a real node whose clock is moved ahead, asked over HTTP.
#include <gtest/gtest.h>

#include "client/card.h"
#include "contracts/consent/messages.pb.h"
#include "contracts/identity/messages.pb.h"
#include "contracts/identity/records.h"
#include "node/tests/care.h"

namespace xl::node {
namespace {

namespace identity = contracts::identity;
using testing::FhirClient;
using testing::parsed;

constexpr std::uint64_t day_ms = 24ULL * 60 * 60 * 1000;

class ComingOfAge : public testing::Care {
 protected:
  /// Appoints a guardian of the patient for so many days, by the custodian or by `signer`.
  demo::Persona guardian(const std::string& name, std::uint64_t days, std::uint32_t powers,
                         client::Session* signer = nullptr) {
    client::Identity who =
        client::make_identity(name, contracts::PartyKind::guardian, live_->organisations[0]);
    client::Session& session = signer != nullptr ? *signer : *north_->who().session;
    xinglin::identity::v1::AppointGuardian message;
    message.set_ward(client::bytes_of(patient_did_.bytes));
    message.set_guardian(client::bytes_of(who.did.bytes));
    message.set_powers(powers);
    message.set_until_ms(live_->clock.now_ms() + days * day_ms);
    message.set_evidence(client::bytes_of(client::committed("birth certificate")));
    client::fill_new_key(client::make_card(who, (*session.genesis())->network),
                         *message.add_keys());
    const auto sent =
        session.submit(identity::contract_number, identity::appoint_guardian_type, message);
    EXPECT_TRUE(client::applied(sent).ok());
    return {name, std::make_unique<client::Session>(
                      client::NodeAddress{"127.0.0.1", std::to_string(live_->node->port())}, who,
                      live_->clock)};
  }
  json::Document listed(const std::string& query) {
    auto answer = north_->who().session->ask(
        "GET", "/o/" + live_->organisations[0].text() + "/guardianships" + query);
    EXPECT_TRUE(answer.ok());
    EXPECT_EQ(answer->status, 200U) << answer->body;
    return parsed(*answer);
  }
};

TEST_F(ComingOfAge, TheGuardiansOfficeEndsAndTheWardTakesOver) {
  demo::Persona mother = guardian("mother", 10, identity::power_consent);
  ASSERT_TRUE(mother.session->sign_in(live_->organisations[0], {}).ok());
  const std::string patient_path = "/o/" + live_->organisations[0].text() + "/fhir/Patient/p1";
  EXPECT_EQ(mother.session->ask("GET", patient_path)->status, 200U);
  const model::Id given = share(mother, {"Observation"});
  FhirClient doctor = ward();
  EXPECT_EQ(doctor.get("Observation/o1").status, 200U);
  // Seen coming: the custodian is told whose office ends, and that the ward has no key yet.
  EXPECT_EQ(listed("?within_days=9").root().find("guardianships").size(), 0U);
  const json::Document soon = listed("?within_days=11");
  const json::Value one = soon.root().find("guardianships").at(0);
  EXPECT_EQ(one.find("ward").as_string(), model::did_text(patient_did_));
  EXPECT_EQ(one.find("ward_has_key").as_bool(), false);
  EXPECT_EQ(one.find("over").as_bool(), false);
  live_->clock.shift_ms(11 * day_ms);
  const auto late = mother.session->ask("GET", patient_path);
  EXPECT_TRUE(!late.ok() || late->status >= 401U) << (late.ok() ? late->body : "");
  EXPECT_FALSE(mother.session->sign_in(live_->organisations[0], {}).ok());
  xinglin::consent::v1::Revoke revoke;
  revoke.set_consent(client::bytes_of(given.bytes));
  const auto refused = mother.session->submit(contracts::consent::contract_number,
                                              contracts::consent::revoke_type, revoke);
  EXPECT_FALSE(client::applied(refused).ok());
  EXPECT_EQ(listed("").root().find("guardianships").at(0).find("over").as_bool(), true);
  // The ward's own key takes over: what the guardian agreed to is theirs to take back.
  demo::Persona ann = patient();
  EXPECT_EQ(ann.session->ask("GET", patient_path)->status, 200U);
  EXPECT_TRUE(client::applied(ann.session->submit(contracts::consent::contract_number,
                                                  contracts::consent::revoke_type, revoke))
                  .ok());
  FhirClient again = ward();
  EXPECT_EQ(again.get("Observation/o1").status, 404U);
  EXPECT_EQ(listed("").root().find("guardianships").at(0).find("ward_has_key").as_bool(), true);
}

TEST_F(ComingOfAge, GuardianshipsAreForTheHouseAlone) {
  (void)guardian("mother", 10, identity::power_consent);
  demo::Persona south = live_->hospital(1);
  const auto other =
      south.session->ask("GET", "/o/" + live_->organisations[0].text() + "/guardianships");
  EXPECT_EQ(other->status, 403U);
  const auto own =
      south.session->ask("GET", "/o/" + live_->organisations[1].text() + "/guardianships");
  EXPECT_EQ(own->status, 200U);
  EXPECT_EQ(parsed(*own).root().find("guardianships").size(), 0U);  // another house's wards
  const auto bad = north_->who().session->ask(
      "GET", "/o/" + live_->organisations[0].text() + "/guardianships?within_days=x");
  EXPECT_EQ(bad->status, 400U);
}

TEST_F(ComingOfAge, TwoOfThreeGuardiansBringBackALostKey) {
  demo::Persona ann = patient();
  std::vector<demo::Persona> three;
  xinglin::identity::v1::ConfigureRecovery terms;
  std::vector<model::Id> ids;
  for (const char* name : {"son", "daughter", "friend"}) {
    three.push_back(guardian(name, 300, identity::power_recovery, ann.session.get()));
    ids.push_back(three.back().did());
  }
  std::sort(ids.begin(), ids.end());
  terms.set_party(client::bytes_of(patient_did_.bytes));
  terms.set_threshold(2);
  for (const model::Id& one : ids) terms.add_guardians(client::bytes_of(one.bytes));
  terms.set_waiting_ms(3 * day_ms);
  ASSERT_TRUE(client::applied(ann.session->submit(identity::contract_number,
                                                  identity::configure_recovery_type, terms))
                  .ok());
  client::Identity fresh =
      client::make_identity("ann again", contracts::PartyKind::patient, live_->organisations[0]);
  fresh.did = patient_did_;
  xinglin::identity::v1::StartRecovery start;
  start.set_party(client::bytes_of(patient_did_.bytes));
  client::fill_new_key(client::make_card(fresh, (*ann.session->genesis())->network),
                       *start.add_keys());
  const auto alone =
      three[0].session->submit(identity::contract_number, identity::start_recovery_type, start);
  EXPECT_EQ(alone->status_name, "recovery_signatures_missing");
  const client::Identity* second = &three[2].session->identity();
  const auto together = three[0].session->submit(
      identity::contract_number, identity::start_recovery_type, start, {&second, 1});
  EXPECT_TRUE(client::applied(together).ok()) << client::applied(together).error().text();
  xinglin::identity::v1::FinishRecovery finish;
  finish.set_party(client::bytes_of(patient_did_.bytes));
  const auto done = [&] {
    return three[1]
        .session->submit(identity::contract_number, identity::finish_recovery_type, finish)
        ->status_name;
  };
  EXPECT_EQ(done(), "recovery_too_early");
  live_->clock.shift_ms(3 * day_ms + 60'000);
  EXPECT_EQ(done(), "applied");
  client::Session again(client::NodeAddress{"127.0.0.1", std::to_string(live_->node->port())},
                        fresh, live_->clock);
  EXPECT_TRUE(again.sign_in(live_->organisations[0], {}).ok());
  EXPECT_FALSE(ann.session->sign_in(live_->organisations[0], {}).ok());  // the lost one is over
}

}  // namespace
}  // namespace xl::node
