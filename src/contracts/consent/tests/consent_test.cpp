// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: only the patient, a guardian or two people at the desk decide about a consent, and only
// within its rules. Method: a table that reaches each status on a fresh ledger, then the attacks
// and bounds that the table leaves out.
#include <gtest/gtest.h>

#include "contracts/consent/messages.pb.h"
#include "contracts/consent/records.h"
#include "contracts/consent/status.h"
#include "contracts/consent/tests/agreement_sends.h"
#include "contracts/consent/view.h"
#include "contracts/tests/fixture.h"

namespace xl::contracts::consent {
namespace {

namespace wire = xinglin::consent::v1;
using identity::Role;
using testing::day_ms;
using testing::digest;
using testing::field;
using testing::hour_ms;
using testing::id;
using testing::Ledger;
using testing::Signers;

/// "ann" is claimed at north, "carl" is not and has the guardian "gail"; "dora" and "erik" work at
/// north, "fay" at south.
Ledger start() {
  Ledger ledger;
  EXPECT_EQ(ledger.claimed_patient("ann", "north"), applied);
  EXPECT_EQ(ledger.claimed_patient("bob", "north"), applied);
  EXPECT_EQ(ledger.register_patient("carl", "north"), applied);
  EXPECT_EQ(ledger.appoint("gail", "carl", "north", identity::power_consent,
                           ledger.block_ms + 30 * day_ms),
            applied);
  EXPECT_EQ(ledger.attest("dora", "north", {Role::physician}), applied);
  EXPECT_EQ(ledger.attest("erik", "north", {Role::registrar}), applied);
  EXPECT_EQ(ledger.attest("fay", "south", {Role::registrar}), applied);
  return ledger;
}

StatusCode send(Ledger& ledger, std::uint16_t type, const google::protobuf::Message& message,
                const Signers& signers) {
  return ledger.send(contract_number, type, message, signers);
}

StatusCode grant(Ledger& ledger, const std::string& consent, const std::string& patient,
                 const Signers& signers, std::uint64_t end_ms = 0, std::uint64_t start_ms = 0) {
  wire::Grant out;
  out.set_consent(field(consent));
  out.set_patient(field(patient));
  out.set_start_ms(start_ms);
  out.set_end_ms(end_ms);
  out.set_commitment(digest("policy of " + consent));
  return send(ledger, grant_type, out, signers);
}

StatusCode narrow(Ledger& ledger, const std::string& consent, const std::string& replacement,
                  const Signers& signers, std::uint64_t end_ms = 0, std::uint64_t start_ms = 0) {
  wire::Narrow out;
  out.set_consent(field(consent));
  out.set_replacement(field(replacement));
  out.set_start_ms(start_ms);
  out.set_end_ms(end_ms);
  out.set_commitment(digest("policy of " + replacement));
  return send(ledger, narrow_type, out, signers);
}

StatusCode revoke(Ledger& ledger, const std::string& consent, const Signers& signers,
                  const std::string& evidence = "") {
  wire::Revoke out;
  out.set_consent(field(consent));
  if (!evidence.empty()) out.set_evidence(digest(evidence));
  return send(ledger, revoke_type, out, signers);
}

StatusCode assist(Ledger& ledger, const std::string& consent, const std::string& patient,
                  const Signers& signers, std::uint64_t lasts_ms = day_ms) {
  wire::GrantAssisted out;
  out.set_consent(field(consent));
  out.set_patient(field(patient));
  out.set_end_ms(ledger.block_ms + lasts_ms);
  out.set_commitment(digest("policy of " + consent));
  out.set_evidence(digest("paper of " + consent));
  return send(ledger, grant_assisted_type, out, signers);
}

StatusCode grant_as_session(Ledger& ledger) {
  EXPECT_EQ(ledger.delegate("ann", "phone", "north", {}, {3U << 16U | 1U}), applied);
  wire::Grant out;
  out.set_consent(field("c1"));
  out.set_patient(field("ann"));
  out.set_commitment(digest("policy"));
  const auto command =
      ledger.registry().find(contract_number)->check(grant_type, model::encode(out));
  EXPECT_TRUE(command.ok());
  const Hash& phone = testing::key("phone").id;
  const Caller caller =
      identity::caller_of(ledger.state(), phone, *identity::find_key(ledger.state(), phone));
  const Context context{ledger.height, ledger.block_ms, ledger.network, {}, {&caller, 1}};
  return (*command)->authorize(context, ledger.state());
}

const std::vector<testing::StatusCase>& grant_cases() {
  static const std::vector<testing::StatusCase> cases = {
      {"the custodian grants for the patient", not_patient,
       [](Ledger& l) { return grant(l, "c1", "ann", {"north"}); }},
      {"a session key grants", delegation_refused, grant_as_session},
      {"a key that may only sign", purpose_missing,
       [](Ledger& l) {
         EXPECT_EQ(l.add_key("ann", "ann daily", purpose_sign, "ann"), applied);
         return grant(l, "c1", "ann", {"ann daily"});
       }},
      {"a guardian after its time", guardian_not_acting,
       [](Ledger& l) {
         l.block_ms += 30 * day_ms;
         return grant(l, "c1", "carl", {"gail"});
       }},
      {"nobody's consent", patient_unknown,
       [](Ledger& l) { return grant(l, "c1", "nobody", {"ann"}); }},
      {"the custodian grants for an unclaimed patient", patient_unclaimed,
       [](Ledger& l) { return grant(l, "c1", "carl", {"north"}); }},
      {"a deactivated patient", patient_deactivated,
       [](Ledger& l) {
         xinglin::identity::v1::Deactivate out;
         out.set_party(field("ann"));
         EXPECT_EQ(l.send(identity::contract_number, identity::deactivate_type, out, {"ann"}),
                   applied);
         return grant(l, "c1", "ann", {"bob"});
       }},
      {"an identifier twice", consent_exists,
       [](Ledger& l) {
         EXPECT_EQ(grant(l, "c1", "ann", {"ann"}), applied);
         return grant(l, "c1", "bob", {"bob"});
       }},
      {"over before it is committed", period_refused,
       [](Ledger& l) { return grant(l, "c1", "ann", {"ann"}, l.block_ms); }},
      {"one consent more than may be kept", consents_too_many,
       [](Ledger& l) {
         for (std::uint32_t i = 0; i < limits::consents_active_max; ++i) {
           EXPECT_EQ(grant(l, "c" + std::to_string(i), "ann", {"ann"}), applied);
         }
         return grant(l, "one more", "ann", {"ann"});
       }},
  };
  return cases;
}

const std::vector<testing::StatusCase>& later_cases() {
  static const std::vector<testing::StatusCase> cases = {
      {"revoking what is not there", consent_unknown,
       [](Ledger& l) { return revoke(l, "c1", {"ann"}); }},
      {"revoking twice", consent_ended,
       [](Ledger& l) {
         EXPECT_EQ(grant(l, "c1", "ann", {"ann"}), applied);
         EXPECT_EQ(revoke(l, "c1", {"ann"}), applied);
         return revoke(l, "c1", {"ann"});
       }},
      {"a replacement that holds longer", period_wider,
       [](Ledger& l) {
         EXPECT_EQ(grant(l, "c1", "ann", {"ann"}, l.block_ms + day_ms), applied);
         return narrow(l, "c1", "c2", {"ann"}, l.block_ms + day_ms + 1);
       }},
      {"a replacement that says the same", commitment_repeated,
       [](Ledger& l) {
         EXPECT_EQ(grant(l, "c1", "ann", {"ann"}), applied);
         wire::Narrow out;
         out.set_consent(field("c1"));
         out.set_replacement(field("c2"));
         out.set_commitment(digest("policy of c1"));
         return send(l, narrow_type, out, {"ann"});
       }},
      {"one person at the desk", staff_missing,
       [](Ledger& l) { return assist(l, "c1", "carl", {"dora"}); }},
      {"ninety days and a millisecond", assisted_too_long,
       [](Ledger& l) {
         return assist(l, "c1", "carl", {"dora", "erik"}, limits::assisted_consent_ms_max + 1);
       }},
      {"taken back at the desk without evidence", evidence_missing,
       [](Ledger& l) {
         EXPECT_EQ(assist(l, "c1", "carl", {"dora", "erik"}), applied);
         return revoke(l, "c1", {"dora", "erik"});
       }},
  };
  return cases;
}

TEST(ConsentTable, ReachesEveryStatus) {
  std::vector<testing::StatusCase> all = grant_cases();
  all.insert(all.end(), later_cases().begin(), later_cases().end());
  for (const auto& more : {agreements::proposal_cases(), agreements::agreement_cases()}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  testing::expect_statuses(start(), contract_number, all);
}

TEST(ConsentTable, IsSound) {
  testing::expect_sound_statuses(*Ledger().registry().find(contract_number));
}

TEST(Grant, BelongsToThePatientAlone) {
  Ledger ledger = start();
  for (const char* other : {"bob", "dora", "south", "gail", "insurer"}) {
    EXPECT_EQ(grant(ledger, "c1", "ann", {other}), not_patient) << other;
  }
  EXPECT_EQ(grant(ledger, "c1", "ann", {"ann"}), applied);
  EXPECT_EQ(revoke(ledger, "c1", {"north"}), not_patient);
  EXPECT_EQ(narrow(ledger, "c1", "c2", {"bob"}), not_patient);
  EXPECT_EQ(ledger.add_key("ann", "ann two", testing::sign_and_manage, "ann"), applied);
  EXPECT_EQ(ledger.revoke_key("ann", "ann", "ann two"), applied);
  EXPECT_EQ(revoke(ledger, "c1", {"ann"}), testing::inactive_key);
  EXPECT_EQ(revoke(ledger, "c1", {"ann two"}), applied);
}

TEST(Grant, HoldsWithinItsPeriod) {
  Ledger ledger = start();
  const std::uint64_t from = ledger.block_ms + hour_ms;
  EXPECT_EQ(grant(ledger, "c1", "ann", {"ann"}, from + hour_ms, from), applied);
  const auto active = [&](std::uint64_t at) { return is_active(ledger.state(), id("c1"), at); };
  EXPECT_FALSE(active(from - limits::start_tolerance_ms - 1));
  EXPECT_TRUE(active(from - limits::start_tolerance_ms));
  EXPECT_TRUE(active(from + hour_ms - 1));
  EXPECT_FALSE(active(from + hour_ms));
  EXPECT_EQ(grant(ledger, "c2", "ann", {"ann"}, from, from), period_refused);
  EXPECT_EQ(grant(ledger, "c2", "ann", {"ann"}, from + 1, from), applied);
  EXPECT_EQ(grant(ledger, "c3", "ann", {"ann"}), applied);  // until revoked
  EXPECT_TRUE(is_active(ledger.state(), id("c3"), UINT64_MAX));
  EXPECT_FALSE(is_active(ledger.state(), id("nothing"), from));
}

TEST(Grant, KeepsNothingAboutTheAgreementOnTheChain) {
  Ledger ledger = start();
  EXPECT_EQ(grant(ledger, "c1", "ann", {"ann"}), applied);
  const auto record = find_consent(ledger.state(), id("c1"));
  EXPECT_EQ(record->commitment().size(), 33U);
  EXPECT_EQ(record->custodian(), field("north"));
  EXPECT_FALSE(record->assisted());
  ASSERT_EQ(ledger.events.size(), 1U);
  EXPECT_EQ(ledger.events[0].attributes.size(), 3U);
}

TEST(Narrow, ReplacesAndEndsTheOldOne) {
  Ledger ledger = start();
  const std::uint64_t now = ledger.block_ms;
  EXPECT_EQ(grant(ledger, "c1", "ann", {"ann"}, now + day_ms, now + hour_ms), applied);
  EXPECT_EQ(narrow(ledger, "c1", "c2", {"ann"}), period_wider);                // no end
  EXPECT_EQ(narrow(ledger, "c1", "c2", {"ann"}, now + day_ms), period_wider);  // starts earlier
  EXPECT_EQ(narrow(ledger, "c1", "c1", {"ann"}, now + day_ms, now + hour_ms), consent_exists);
  EXPECT_EQ(narrow(ledger, "c1", "c2", {"ann"}, now + day_ms, now + hour_ms), applied);
  const std::uint64_t later = now + 2 * hour_ms;
  EXPECT_FALSE(is_active(ledger.state(), id("c1"), later));
  EXPECT_TRUE(is_active(ledger.state(), id("c2"), later));
  EXPECT_EQ(find_consent(ledger.state(), id("c1"))->replaced_by(), field("c2"));
  EXPECT_EQ(consents_of(ledger.state(), id("ann")), std::vector<model::Id>{id("c2")});
  EXPECT_EQ(narrow(ledger, "c1", "c3", {"ann"}, now + day_ms, now + hour_ms), consent_ended);
  EXPECT_EQ(revoke(ledger, "c1", {"ann"}), consent_ended);
}

TEST(Guardian, DecidesForItsWard) {
  Ledger ledger = start();
  EXPECT_EQ(grant(ledger, "c1", "carl", {"gail"}), applied);
  EXPECT_EQ(narrow(ledger, "c1", "c2", {"gail"}, ledger.block_ms + day_ms), applied);
  EXPECT_EQ(revoke(ledger, "c2", {"gail"}), applied);
  EXPECT_EQ(
      ledger.appoint("hugo", "ann", "ann", identity::power_recovery, ledger.block_ms + day_ms),
      applied);
  EXPECT_EQ(grant(ledger, "c3", "ann", {"hugo"}), guardian_not_acting);  // recovery only
}

TEST(Assisted, NeedsTwoDifferentPeopleOfThatCustodian) {
  Ledger ledger = start();
  EXPECT_EQ(ledger.add_key("dora", "dora two", purpose_sign, "dora"), applied);
  EXPECT_EQ(assist(ledger, "c1", "carl", {"dora", "dora two"}), staff_missing);  // one person
  EXPECT_EQ(assist(ledger, "c1", "carl", {"dora", "fay"}), staff_missing);       // other hospital
  EXPECT_EQ(assist(ledger, "c1", "carl", {"dora", "north"}), staff_missing);
  EXPECT_EQ(assist(ledger, "c1", "carl", {"dora", "erik"}, limits::assisted_consent_ms_max),
            applied);
  EXPECT_TRUE(find_consent(ledger.state(), id("c1"))->assisted());
  EXPECT_EQ(assist(ledger, "c1", "carl", {"dora", "erik"}), consent_exists);
  EXPECT_EQ(revoke(ledger, "c1", {"dora", "erik"}, "asked for it"), applied);
  EXPECT_EQ(assist(ledger, "c2", "ann", {"dora", "erik"}), applied);  // lost her phone
  EXPECT_EQ(revoke(ledger, "c2", {"ann"}), applied);                  // and found it again
  EXPECT_EQ(grant(ledger, "c3", "ann", {"ann"}), applied);
  EXPECT_EQ(revoke(ledger, "c3", {"dora", "erik"}, "asked for it"), not_patient);
}

TEST(Consent, RefusesMalformedMessages) {
  Ledger ledger = start();
  const Contract* contract = ledger.registry().find(contract_number);
  for (std::uint16_t type = 1; type <= answer_agreement_type; ++type) {
    EXPECT_EQ(contract->check(type, {}).error().code, ErrorCode::message_malformed) << type;
  }
  EXPECT_EQ(contract->check(answer_agreement_type + 1, {}).error().code,
            ErrorCode::contract_unknown);
  wire::Grant out;
  out.set_consent(field("c1"));
  out.set_patient(field("ann"));
  out.set_commitment(digest("policy").substr(1));  // no suite byte
  EXPECT_EQ(send(ledger, grant_type, out, {"ann"}), testing::malformed_message);
  out.set_commitment(digest("policy") + "x");
  EXPECT_EQ(send(ledger, grant_type, out, {"ann"}), testing::malformed_message);
  out.set_commitment(digest("policy"));
  out.set_consent(std::string(16, '\0'));
  EXPECT_EQ(send(ledger, grant_type, out, {"ann"}), testing::malformed_message);
}

}  // namespace
}  // namespace xl::contracts::consent
