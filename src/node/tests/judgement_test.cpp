// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: a custodian that permits what `decide` refuses, or refuses what it permits, is proved to
// have lied, offline, from what it disclosed or from what the patient kept. Method: a real node
// whose honest answers are all decided again with the same outcome; then its journal is given
// entries as a liar writes them, with all the evidence of a real sign-in and session.
#include <functional>

#include "client/access_judgement.h"
#include "contracts/access/sealed.h"
#include "contracts/consent/messages.pb.h"
#include "contracts/identity/records.h"
#include "model/canonical.h"
#include "node/tests/care.h"
#include "vault/journal.h"

namespace xl::node {
namespace {

namespace consent = contracts::consent;
using client::Judgement;
using testing::FhirClient;
using testing::observation_json;
using testing::parsed;
using xinglin::access::v1::AccessDetails;

class Judged : public testing::Care {
 protected:
  void SetUp() override {
    Care::SetUp();
    ann_ = std::make_unique<demo::Persona>(patient());
  }
  void TearDown() override {
    ann_.reset();
    Care::TearDown();
  }
  [[nodiscard]] const model::Genesis& genesis() { return live_->node->ledger().genesis(); }

  /// Everything about Ann that is in the journal.
  std::vector<vault::KeptEntry> kept() {
    EXPECT_TRUE(custodian().desk().anchor_journal().ok());
    auto out = custodian().stores().journal().entries_of(patient_did_, 0, 200);
    EXPECT_TRUE(out.ok());
    return std::move(*out);
  }
  /// What the patient is given to prove an entry.
  json::Document told_of(std::uint64_t sequence) {
    const auto answer =
        ann_->session->ask("GET", "/o/" + live_->organisations[0].text() + "/access-log/" +
                                      std::to_string(sequence) + "/proof");
    EXPECT_TRUE(answer.ok() && answer->status == 200U) << (answer.ok() ? answer->body : "");
    return parsed(*answer);
  }
  client::ProvenAccess proven(const json::Document& told) {
    const auto proof = client::read_access_proof(told.root());
    EXPECT_TRUE(proof.ok());
    const auto out = client::check_access_proof(*proof, genesis());
    EXPECT_TRUE(out.ok()) << out.error().text();
    return *out;
  }
  client::Disclosure disclosed(const json::Document& told) {
    auto out = client::read_disclosure(told.root());
    EXPECT_TRUE(out.ok() && out->has_value()) << (out.ok() ? "nothing" : out.error().text());
    return out.ok() && *out ? std::move(**out) : client::Disclosure{};
  }
  /// Writes an entry that is `real` with changes into the journal, and what a check says of it.
  /// `more` is what the patient shows besides.
  std::string lied(const vault::KeptEntry& real,
                   const std::function<void(model::JournalEntry&, AccessDetails&)>& change,
                   const std::function<void(client::Disclosure&)>& more = {}) {
    model::JournalEntry entry = real.entry;
    AccessDetails details;
    EXPECT_TRUE(model::decode_canonical(entry.evidence, details));
    change(entry, details);
    entry.evidence = model::encode(details);
    const auto sequence = custodian().stores().journal().append(entry);
    EXPECT_TRUE(sequence.ok());
    EXPECT_TRUE(custodian().desk().anchor_journal().ok());
    const json::Document told = told_of(*sequence);
    client::Disclosure shown = disclosed(told);
    if (more) more(shown);
    const auto verdict = client::judge(proven(told), shown, genesis());
    if (!verdict.ok()) return verdict.error().text();
    return *verdict == Judgement::agrees ? "agrees" : "cannot tell";
  }
  /// The last entry of somebody with this decision.
  vault::KeptEntry last_of(const model::Id& who, model::JournalDecision decision) {
    vault::KeptEntry out;
    for (const vault::KeptEntry& one : kept()) {
      if (one.entry.actor == who && one.entry.decision == decision) out = one;
    }
    EXPECT_NE(out.sequence, 0U);
    return out;
  }
  Bytes subject_of(const std::string& type, const std::string& id) {
    const auto entry = custodian().stores().index().current(type, id);
    EXPECT_TRUE(entry.ok());
    Bytes out = copy_of(entry->record.view());
    append_be(out, static_cast<std::uint32_t>(entry->vault_version));
    return out;
  }

  std::unique_ptr<demo::Persona> ann_;
};

void give_reason(AccessDetails& details, consent::Reason reason) {
  details.clear_reasons();
  details.clear_consents();
  details.clear_session_details();
  details.add_reasons(static_cast<std::uint32_t>(reason));
}

void revoke(demo::Persona& who, const model::Id& given) {
  xinglin::consent::v1::Revoke message;
  message.set_consent(client::bytes_of(given.bytes));
  ASSERT_TRUE(
      who.session->submit(consent::contract_number, consent::revoke_type, message)->applied());
}

TEST_F(Judged, EveryHonestAnswerIsGivenAgain) {
  FhirClient stranger = ward();
  FhirClient own(live_->doctor(north_->who(), "li"), live_->organisations[0]);
  EXPECT_EQ(stranger.get("Observation/o1").status, 404U);  // no consent
  EXPECT_EQ(own.get("Observation/o1").status, 403U);       // no encounter
  const model::Id given = share(*ann_, {"Observation"});
  EXPECT_EQ(stranger.get("Observation/o1").status, 200U);
  EXPECT_EQ(total(stranger.get("Observation?patient=p1")), "2");
  EXPECT_EQ(stranger.get("Patient/p1").status, 404U);  // another class
  EXPECT_EQ(stranger.get("Observation/o2", {{"X-Purpose-Of-Use", "HRESCH"}}).status, 404U);
  ASSERT_TRUE(demo::open_encounter(*north_->who().session, live_->organisations[0], "p1",
                                   own.who().did(), "in-progress")
                  .ok());
  EXPECT_EQ(own.get("Observation/o1").status, 200U);
  EXPECT_EQ(own.put("Observation/o1", observation_json("o1", "p1", "7")).status, 200U);
  const model::Id refusal = share(*ann_, {"Observation"}, consent::Effect::deny);
  EXPECT_EQ(own.get("Observation/o1").status, 403U);  // the patient said no
  revoke(*ann_, given);
  revoke(*ann_, refusal);
  EXPECT_EQ(stranger.get("Observation/o1").status, 404U);
  ASSERT_EQ(north_->get("Observation/o1").status, 200U);  // the house's software
  EXPECT_EQ(ann_->session->ask("GET", own.base() + "Observation/o1")->status, 200U);

  std::size_t judged = 0;
  for (const vault::KeptEntry& one : kept()) {
    const json::Document told = told_of(one.sequence);
    const auto verdict = client::judge(proven(told), disclosed(told), genesis());
    ASSERT_TRUE(verdict.ok()) << one.entry.action << " " << one.entry.reason << ": "
                              << verdict.error().text();
    judged += *verdict == Judgement::agrees ? 1 : 0;
  }
  EXPECT_GE(judged, 12U);
}

TEST_F(Judged, WhoPermitsWhatIsRefusedIsProvedToHaveLied) {
  FhirClient doctor = ward();
  const model::Id given = share(*ann_, {"Observation"});
  ASSERT_EQ(doctor.get("Observation/o1").status, 200U);
  const vault::KeptEntry real = last_of(doctor.who().did(), model::JournalDecision::permitted);
  EXPECT_EQ(lied(real, [](auto&, auto&) {}), "agrees");
  // Under a real session, by a consent that does not cover what was shown.
  const std::string shown = lied(real, [&](model::JournalEntry& entry, AccessDetails&) {
    entry.subject = subject_of("Patient", "p1");
  });
  EXPECT_NE(shown.find("was permitted"), std::string::npos) << shown;
  EXPECT_NE(shown.find("class_not_covered"), std::string::npos) << shown;
  // By no consent of the patient's at all.
  const std::string invented = lied(real, [](auto&, AccessDetails& details) {
    details.set_consents(0, client::bytes_of(client::random_id().bytes));
  });
  EXPECT_NE(invented.find("does not permit"), std::string::npos) << invented;
  // After the patient took it back.
  revoke(*ann_, given);
  live_->clock.shift_ms(200'000);
  const std::string late = lied(real, [&](model::JournalEntry& entry, AccessDetails&) {
    entry.time_ms = live_->clock.now_ms() - 1;
  });
  EXPECT_NE(late.find("was permitted"), std::string::npos) << late;
}

TEST_F(Judged, WhoRefusesWhatIsPermittedIsProvedToHaveLied) {
  FhirClient doctor = ward();
  ASSERT_EQ(doctor.get("Observation/o1").status, 404U);
  share(*ann_, {"Observation"});
  live_->clock.shift_ms(200'000);  // no doubt is left about the time
  ASSERT_EQ(doctor.get("Observation/o1").status, 200U);
  const vault::KeptEntry real = last_of(doctor.who().did(), model::JournalDecision::permitted);
  const auto refused = [](consent::Reason reason) {
    return [reason](model::JournalEntry& entry, AccessDetails& details) {
      entry.decision = model::JournalDecision::denied;
      entry.outcome = model::JournalOutcome::refused;
      entry.session = {};
      give_reason(details, reason);
    };
  };
  for (const consent::Reason reason : {consent::Reason::no_consent, consent::Reason::patient_denies,
                                       consent::Reason::class_not_covered}) {
    const std::string verdict = lied(real, refused(reason));
    EXPECT_NE(verdict.find("was refused"), std::string::npos) << verdict;
    EXPECT_NE(verdict.find("consent_permits"), std::string::npos) << verdict;
  }
  // A custodian that discloses none of it convinces nobody who kept their consent.
  std::vector<client::DisclosedConsent> of_the_patient;
  const std::string hidden =
      lied(real, refused(consent::Reason::no_consent), [&](client::Disclosure& shown) {
        of_the_patient = std::move(shown.consents);
        shown.consents.clear();
      });
  EXPECT_EQ(hidden, "agrees");
  const std::string kept_by_her =
      lied(real, refused(consent::Reason::no_consent),
           [&](client::Disclosure& shown) { shown.consents = of_the_patient; });
  EXPECT_NE(kept_by_her.find("was refused"), std::string::npos) << kept_by_her;
  // A law is the custodian's word, and stands in the entry.
  EXPECT_EQ(lied(real, refused(consent::Reason::law_denies)), "agrees");
}

TEST_F(Judged, WhatIsShownIsWhatTheLedgerCommitsTo) {
  FhirClient doctor = ward();
  share(*ann_, {"Observation"});
  ASSERT_EQ(doctor.get("Observation/o1").status, 200U);
  const vault::KeptEntry real = last_of(doctor.who().did(), model::JournalDecision::permitted);
  const auto altered = [&](const std::function<void(client::Disclosure&)>& change) {
    return lied(
        real, [](auto&, auto&) {}, change);
  };
  const auto expect = [](const std::string& verdict, const char* why) {
    EXPECT_NE(verdict.find(why), std::string::npos) << why << ": " << verdict;
  };
  expect(altered([](client::Disclosure& one) {
           one.consents[0].sealed.mutable_policy()->mutable_rule()->set_confidentiality_max(5);
         }),
         "another commitment");
  expect(altered([](client::Disclosure& one) { one.consents[0].receipt = one.record->receipt; }),
         "not of the consent");
  expect(altered([](client::Disclosure& one) { one.record->labels.back() ^= 1U; }),
         "do not give the commitment");
  expect(altered([](client::Disclosure& one) { ++one.record->version; }), "another record");
  expect(altered([](client::Disclosure& one) { one.record.reset(); }), "cannot tell");
  // The custodian's people are given neither the consents nor the labels.
  auto officer = live_->cast().practitioner(north_->who(), "officer",
                                            contracts::identity::Role::privacy_officer,
                                            contracts::identity::LicenceType::none);
  ASSERT_TRUE(officer.ok());
  const auto told = officer->session->ask(
      "GET", "/o/" + live_->organisations[0].text() + "/access-log/" +
                 std::to_string(real.sequence) + "/proof?patient=" + model::did_text(patient_did_));
  ASSERT_TRUE(told.ok() && told->status == 200U);
  EXPECT_FALSE(parsed(*told).root().find("disclosed").present());
}

}  // namespace
}  // namespace xl::node
