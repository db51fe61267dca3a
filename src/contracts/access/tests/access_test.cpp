// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: nothing is read across institutions without both signatures and a basis in force, every
// read is sealed, and an emergency is answered for. Method: a table that reaches each status on a
// fresh ledger, then sessions and emergencies through their lives, bounds and attacks.
#include <gtest/gtest.h>

#include "contracts/access/messages.pb.h"
#include "contracts/access/records.h"
#include "contracts/access/status.h"
#include "contracts/access/view.h"
#include "contracts/consent/messages.pb.h"
#include "contracts/consent/records.h"
#include "contracts/tests/fixture.h"

namespace xl::contracts::access {
namespace {

namespace wire = xinglin::access::v1;
using identity::Role;
using testing::day_ms;
using testing::digest;
using testing::field;
using testing::hour_ms;
using testing::id;
using testing::Ledger;
using testing::minute_ms;
using testing::Signers;

/// "ann" and "bob" are patients of north; "fay" and "gus" are physicians of south, "ina" guards its
/// patients' privacy; "erik" only registers there.
Ledger start() {
  Ledger ledger;
  EXPECT_EQ(ledger.claimed_patient("ann", "north"), applied);
  EXPECT_EQ(ledger.claimed_patient("bob", "north"), applied);
  EXPECT_EQ(ledger.attest("fay", "south", {Role::physician}), applied);
  EXPECT_EQ(ledger.attest("gus", "south", {Role::emergency_physician}), applied);
  EXPECT_EQ(ledger.attest("ina", "south", {Role::privacy_officer}), applied);
  EXPECT_EQ(ledger.attest("erik", "south", {Role::registrar}), applied);
  for (const char* name : {"ann", "bob"}) {
    xinglin::consent::v1::Grant out;
    out.set_consent(field(std::string("consent of ") + name));
    out.set_patient(field(name));
    out.set_commitment(digest("policy"));
    EXPECT_EQ(ledger.send(consent::contract_number, consent::grant_type, out, {name}), applied);
  }
  return ledger;
}

StatusCode send(Ledger& ledger, std::uint16_t type, const google::protobuf::Message& message,
                const Signers& signers) {
  return ledger.send(contract_number, type, message, signers);
}

wire::OpenSession opening(const Ledger& ledger, const std::string& session) {
  wire::OpenSession out;
  out.set_session(field(session));
  out.set_requester(field("south"));
  out.set_patient(field("ann"));
  out.add_consents(field("consent of ann"));
  out.set_decision(digest("decision"));
  out.set_ends_ms(ledger.block_ms + limits::session_ms_max);
  return out;
}

StatusCode open(Ledger& ledger, const std::string& session,
                const Signers& signers = {"south", "north"}) {
  return send(ledger, open_session_type, opening(ledger, session), signers);
}

template <typename Alter>
StatusCode open_altered(Ledger& ledger, Alter alter, const Signers& signers = {"south", "north"}) {
  wire::OpenSession out = opening(ledger, "s1");
  alter(out);
  return send(ledger, open_session_type, out, signers);
}

StatusCode end(Ledger& ledger, const std::string& session, const std::string& signer) {
  wire::EndSession out;
  out.set_session(field(session));
  return send(ledger, end_session_type, out, {signer});
}

StatusCode seal(Ledger& ledger, const std::string& session, const std::string& signer) {
  wire::SealSession out;
  out.set_session(field(session));
  out.set_root(digest("reads of " + session));
  out.set_count(3);
  return send(ledger, seal_session_type, out, {signer});
}

wire::JournalRoot root_of(const Ledger& ledger, std::uint64_t first, const std::string& previous) {
  wire::JournalRoot out;
  out.set_custodian(field("north"));
  out.set_first_sequence(first);
  out.set_count(10);
  out.set_root(digest("root at " + std::to_string(first)));
  out.set_previous(previous);
  out.set_oldest_ms(ledger.block_ms - minute_ms);
  return out;
}

wire::CohortEntry cohort(const Ledger& ledger) {
  wire::CohortEntry out;
  out.set_entry(field("q1"));
  out.set_custodian(field("north"));
  out.set_requester(field("south"));
  out.set_purpose(digest("purpose"));
  out.set_query(digest("query"));
  out.set_policy_height(ledger.height - 1);
  out.set_root(digest("leaves"));
  out.set_count(12);
  return out;
}

StatusCode declare(Ledger& ledger, const std::string& entry, const Signers& signers,
                   const std::string& patient = "ann", const std::string& second = "") {
  wire::DeclareEmergency out;
  out.set_entry(field(entry));
  out.set_practitioner(field(signers[0]));
  out.set_organisation(field("south"));
  if (!patient.empty()) out.set_patient(field(patient));
  out.set_reason(digest("reason"));
  if (!second.empty()) out.set_second(field(second));
  return send(ledger, declare_emergency_type, out, signers);
}

StatusCode renew(Ledger& ledger, const std::string& entry, const Signers& signers,
                 const std::string& second = "") {
  wire::RenewEmergency out;
  out.set_entry(field(entry));
  if (!second.empty()) out.set_second(field(second));
  return send(ledger, renew_emergency_type, out, signers);
}

StatusCode review(Ledger& ledger, const std::string& entry, const std::string& reviewer) {
  wire::ReviewEmergency out;
  out.set_entry(field(entry));
  out.set_reviewer(field(reviewer));
  out.set_outcome(digest("outcome"));
  return send(ledger, review_emergency_type, out, {reviewer});
}

StatusCode mend(Ledger& ledger, const std::string& entry, const Signers& signers) {
  wire::EndEmergency out;
  out.set_entry(field(entry));
  return send(ledger, end_emergency_type, out, signers);
}

StatusCode deny(Ledger& ledger, const std::string& entry, const std::string& signer) {
  wire::Denied out;
  out.set_entry(field(entry));
  out.set_patient(field("ann"));
  out.set_details(digest("details"));
  return send(ledger, denied_type, out, {signer});
}

/// Emergencies are declared with the own key even where a session key was given the type.
StatusCode declare_as_session(Ledger& ledger) {
  EXPECT_EQ(ledger.delegate("fay", "login", "south", {Role::physician},
                            {5U << 16U | declare_emergency_type}),
            applied);
  wire::DeclareEmergency out;
  out.set_entry(field("e1"));
  out.set_practitioner(field("fay"));
  out.set_organisation(field("south"));
  out.set_reason(digest("reason"));
  return send(ledger, declare_emergency_type, out, {"login", "south"});
}

const std::vector<testing::StatusCase>& session_cases() {
  static const std::vector<testing::StatusCase> cases = {
      {"the requester alone", custodian_missing,
       [](Ledger& l) { return open(l, "s1", {"south"}); }},
      {"the custodian alone", requester_missing,
       [](Ledger& l) { return open(l, "s1", {"north"}); }},
      {"a key that may only pack envelopes", purpose_missing,
       [](Ledger& l) {
         EXPECT_EQ(l.add_key("south", "packer", purpose_envelope, "south"), applied);
         return open(l, "s1", {"packer", "north"});
       }},
      {"a stranger ends a session", party_missing,
       [](Ledger& l) {
         EXPECT_EQ(open(l, "s1"), applied);
         return end(l, "s1", "bob");
       }},
      {"a practitioner as requester", organisation_unknown,
       [](Ledger& l) {
         return open_altered(l, [](wire::OpenSession& m) { m.set_requester(field("fay")); },
                             {"fay", "north"});
       }},
      {"nobody as patient", patient_unknown,
       [](Ledger& l) {
         return open_altered(l, [](wire::OpenSession& m) { m.set_patient(field("nobody")); });
       }},
      {"the custodian's own charts", own_care,
       [](Ledger& l) {
         return open_altered(l, [](wire::OpenSession& m) { m.set_requester(field("north")); });
       }},
      {"an identifier twice", entry_exists,
       [](Ledger& l) {
         EXPECT_EQ(open(l, "s1"), applied);
         return open(l, "s1");
       }},
      {"fifteen minutes and a millisecond", period_refused,
       [](Ledger& l) {
         return open_altered(l, [](wire::OpenSession& m) { m.set_ends_ms(m.ends_ms() + 1); });
       }},
      {"a consent that is not there", consent_not_active,
       [](Ledger& l) {
         return open_altered(l, [](wire::OpenSession& m) { m.set_consents(0, field("none")); });
       }},
      {"another patient's consent", consent_of_another,
       [](Ledger& l) {
         return open_altered(
             l, [](wire::OpenSession& m) { m.set_consents(0, field("consent of bob")); });
       }},
      {"five minutes after an unsealed session", seal_overdue,
       [](Ledger& l) {
         EXPECT_EQ(open(l, "s1"), applied);
         l.block_ms += limits::session_ms_max + limits::seal_within_ms;
         return open(l, "s2");
       }},
      {"ending nothing", session_unknown, [](Ledger& l) { return end(l, "s1", "south"); }},
      {"ending twice", session_over,
       [](Ledger& l) {
         EXPECT_EQ(open(l, "s1"), applied);
         EXPECT_EQ(end(l, "s1", "ann"), applied);
         return end(l, "s1", "south");
       }},
      {"sealing twice", session_sealed,
       [](Ledger& l) {
         EXPECT_EQ(open(l, "s1"), applied);
         EXPECT_EQ(seal(l, "s1", "north"), applied);
         return seal(l, "s1", "north");
       }},
  };
  return cases;
}

const std::vector<testing::StatusCase>& journal_cases() {
  static const std::vector<testing::StatusCase> cases = {
      {"a journal that begins in the middle", journal_gap,
       [](Ledger& l) { return send(l, journal_root_type, root_of(l, 2, ""), {"north"}); }},
      {"more than a minute, unmarked", late_unmarked,
       [](Ledger& l) {
         auto out = root_of(l, 1, "");
         out.set_oldest_ms(l.block_ms - limits::journal_within_ms - 1);
         return send(l, journal_root_type, out, {"north"});
       }},
      {"reads of tomorrow", time_ahead,
       [](Ledger& l) {
         auto out = root_of(l, 1, "");
         out.set_oldest_ms(l.block_ms + limits::start_tolerance_ms + 1);
         return send(l, journal_root_type, out, {"north"});
       }},
      {"policies of this very block", policy_height_refused,
       [](Ledger& l) {
         auto out = cohort(l);
         out.set_policy_height(l.height);
         return send(l, cohort_entry_type, out, {"north", "south"});
       }},
  };
  return cases;
}

const std::vector<testing::StatusCase>& emergency_cases() {
  static const std::vector<testing::StatusCase> cases = {
      {"declared in someone's name", practitioner_missing,
       [](Ledger& l) {
         wire::DeclareEmergency out;
         out.set_entry(field("e1"));
         out.set_practitioner(field("fay"));
         out.set_organisation(field("south"));
         out.set_reason(digest("reason"));
         return send(l, declare_emergency_type, out, {"gus", "south"});
       }},
      {"a session key breaks the glass", delegation_refused, declare_as_session},
      {"a registrar breaks the glass", role_not_licensed,
       [](Ledger& l) {
         return declare(l, "e1", {"erik", "south"});
       }},
      {"after an overdue review, alone", second_clinician_missing,
       [](Ledger& l) {
         EXPECT_EQ(declare(l, "e1", {"fay", "south"}), applied);
         l.block_ms += limits::review_within_ms;
         return declare(l, "e2", {"fay", "south"});
       }},
      {"renewing nothing", emergency_unknown,
       [](Ledger& l) {
         return renew(l, "e1", {"fay", "south"});
       }},
      {"renewing after the end", emergency_over,
       [](Ledger& l) {
         EXPECT_EQ(declare(l, "e1", {"fay", "south"}), applied);
         l.block_ms += limits::emergency_ms;
         return renew(l, "e1", {"fay", "south"});
       }},
      {"a session on another patient's emergency", emergency_of_another,
       [](Ledger& l) {
         EXPECT_EQ(declare(l, "e1", {"fay", "south"}, "bob"), applied);
         return open_altered(l, [](wire::OpenSession& m) {
           m.clear_consents();
           m.set_emergency(field("e1"));
         });
       }},
      {"renewing twice", renewed_already,
       [](Ledger& l) {
         EXPECT_EQ(declare(l, "e1", {"fay", "south"}), applied);
         EXPECT_EQ(renew(l, "e1", {"fay", "south"}), applied);
         return renew(l, "e1", {"fay", "south"});
       }},
  };
  return cases;
}

const std::vector<testing::StatusCase>& emergency_end_cases() {
  static const std::vector<testing::StatusCase> cases = {
      {"ended by a stranger", not_ender,
       [](Ledger& l) {
         EXPECT_EQ(declare(l, "e1", {"fay", "south"}), applied);
         return mend(l, "e1", {"gus", "north"});
       }},
      {"reviewed by its own clinician", not_reviewer,
       [](Ledger& l) {
         EXPECT_EQ(declare(l, "e1", {"fay", "south"}), applied);
         l.block_ms += limits::emergency_ms;
         return review(l, "e1", "fay");
       }},
      {"reviewed while it runs", emergency_running,
       [](Ledger& l) {
         EXPECT_EQ(declare(l, "e1", {"fay", "south"}), applied);
         return review(l, "e1", "ina");
       }},
      {"reviewed twice", reviewed_already,
       [](Ledger& l) {
         EXPECT_EQ(declare(l, "e1", {"fay", "south"}), applied);
         l.block_ms += limits::emergency_ms;
         EXPECT_EQ(review(l, "e1", "ina"), applied);
         return review(l, "e1", "ina");
       }},
  };
  return cases;
}

StatusCode dispute(Ledger& ledger, const std::string& id, const std::string& by,
                   const std::string& patient = "ann") {
  wire::Dispute out;
  out.set_dispute(field(id));
  out.set_patient(field(patient));
  out.set_by(field(by));
  out.set_details(digest("what is wrong"));
  return send(ledger, dispute_type, out, {by});
}

StatusCode answer(Ledger& ledger, const std::string& id, const std::string& officer) {
  wire::AnswerDispute out;
  out.set_dispute(field(id));
  out.set_officer(field(officer));
  out.set_answer(digest("the answer"));
  return send(ledger, answer_dispute_type, out, {officer});
}

void fill_with_disputes(Ledger& ledger) {
  for (std::uint32_t i = 0; i < limits::disputes_open_max; ++i) {
    EXPECT_EQ(dispute(ledger, "d" + std::to_string(i), "ann"), applied);
  }
}

const std::vector<testing::StatusCase>& dispute_cases() {
  static const std::vector<testing::StatusCase> cases = {
      {"somebody disputes in another's name", disputant_missing,
       [](Ledger& l) { return dispute(l, "d1", "bob"); }},
      {"one dispute too many", disputes_exceeded,
       [](Ledger& l) {
         fill_with_disputes(l);
         return dispute(l, "one more", "ann");
       }},
      {"answering nothing", dispute_unknown, [](Ledger& l) { return answer(l, "d1", "ina"); }},
      {"an officer of another house", not_answerer,
       [](Ledger& l) {
         EXPECT_EQ(dispute(l, "d1", "ann"), applied);
         return answer(l, "d1", "ina");
       }},
      {"answering twice", dispute_answered,
       [](Ledger& l) {
         EXPECT_EQ(dispute(l, "d1", "ann"), applied);
         EXPECT_EQ(l.attest("nora", "north", {Role::privacy_officer}), applied);
         EXPECT_EQ(answer(l, "d1", "nora"), applied);
         return answer(l, "d1", "nora");
       }},
  };
  return cases;
}

TEST(AccessTable, ReachesEveryStatus) {
  std::vector<testing::StatusCase> all = session_cases();
  all.insert(all.end(), dispute_cases().begin(), dispute_cases().end());
  all.insert(all.end(), journal_cases().begin(), journal_cases().end());
  all.insert(all.end(), emergency_cases().begin(), emergency_cases().end());
  all.insert(all.end(), emergency_end_cases().begin(), emergency_end_cases().end());
  testing::expect_statuses(start(), contract_number, all);
}

TEST(AccessTable, IsSound) {
  testing::expect_sound_statuses(*Ledger().registry().find(contract_number));
}

TEST(Session, LivesUntilItsEnd) {
  Ledger ledger = start();
  EXPECT_EQ(open(ledger, "s1"), applied);
  const auto live = [&](std::uint64_t at) { return session_is_live(ledger.state(), id("s1"), at); };
  const std::uint64_t now = ledger.block_ms;
  EXPECT_TRUE(live(now));
  EXPECT_TRUE(live(now + limits::session_ms_max - 1));
  EXPECT_FALSE(live(now + limits::session_ms_max));
  EXPECT_FALSE(session_is_live(ledger.state(), id("s2"), now));
  EXPECT_EQ(end(ledger, "s1", "ann"), applied);
  EXPECT_FALSE(live(now));
}

TEST(Session, EndsWithItsConsent) {
  Ledger ledger = start();
  EXPECT_EQ(open(ledger, "s1"), applied);
  xinglin::consent::v1::Revoke out;
  out.set_consent(field("consent of ann"));
  EXPECT_EQ(ledger.send(consent::contract_number, consent::revoke_type, out, {"ann"}), applied);
  EXPECT_FALSE(session_is_live(ledger.state(), id("s1"), ledger.block_ms));
  EXPECT_EQ(open(ledger, "s2"), consent_not_active);
  EXPECT_EQ(seal(ledger, "s1", "north"), applied);  // what was read before is sealed all the same
}

TEST(Session, EndsWithTheKeysThatOpenedItAndWithThePatient) {
  Ledger ledger = start();
  EXPECT_EQ(ledger.add_key("south", "south two", testing::sign_and_manage, "south"), applied);
  EXPECT_EQ(open(ledger, "s1", {"south two", "north"}), applied);
  EXPECT_EQ(open(ledger, "s2"), applied);
  EXPECT_EQ(ledger.revoke_key("south", "south two", "south"), applied);
  EXPECT_FALSE(session_is_live(ledger.state(), id("s1"), ledger.block_ms));
  EXPECT_TRUE(session_is_live(ledger.state(), id("s2"), ledger.block_ms));
  xinglin::identity::v1::Deactivate gone;
  gone.set_party(field("ann"));
  EXPECT_EQ(ledger.send(identity::contract_number, identity::deactivate_type, gone, {"ann"}),
            applied);
  EXPECT_FALSE(session_is_live(ledger.state(), id("s2"), ledger.block_ms));
  EXPECT_EQ(open(ledger, "s3"), patient_unknown);
}

TEST(Session, MustBeSealedInTime) {
  Ledger ledger = start();
  EXPECT_EQ(open(ledger, "s1"), applied);
  EXPECT_EQ(end(ledger, "s1", "south"), applied);  // due five minutes from now
  ledger.block_ms += limits::seal_within_ms - 1;
  EXPECT_FALSE(seal_is_overdue(ledger.state(), id("north"), ledger.block_ms));
  ledger.block_ms += 1;
  EXPECT_TRUE(seal_is_overdue(ledger.state(), id("north"), ledger.block_ms));
  EXPECT_FALSE(seal_is_overdue(ledger.state(), id("south"), ledger.block_ms));
  EXPECT_EQ(open(ledger, "s2"), seal_overdue);
  EXPECT_EQ(seal(ledger, "s1", "south"), custodian_missing);
  EXPECT_EQ(seal(ledger, "s1", "north"), applied);
  EXPECT_EQ(find_session(ledger.state(), id("s1"))->reads(), 3U);
  EXPECT_EQ(open(ledger, "s2"), applied);
  EXPECT_EQ(seal(ledger, "s2", "north"), applied);  // sealing ends it
  EXPECT_FALSE(session_is_live(ledger.state(), id("s2"), ledger.block_ms));
}

TEST(Session, RestsOnExactlyOneBasisWithinBounds) {
  Ledger ledger = start();
  using testing::malformed_message;
  EXPECT_EQ(open_altered(ledger, [](wire::OpenSession& m) { m.clear_consents(); }),
            malformed_message);
  EXPECT_EQ(open_altered(ledger, [](wire::OpenSession& m) { m.set_emergency(field("e1")); }),
            malformed_message);
  const auto with = [&](std::uint32_t count) {
    return open_altered(ledger, [&](wire::OpenSession& m) {
      std::set<std::string> ids;
      for (std::uint32_t i = 0; i < count; ++i) ids.insert(field("c" + std::to_string(i)));
      m.clear_consents();
      for (const std::string& one : ids) m.add_consents(one);
    });
  };
  EXPECT_EQ(with(limits::session_consents_max), consent_not_active);
  EXPECT_EQ(with(limits::session_consents_max + 1), malformed_message);
  EXPECT_EQ(
      open_altered(ledger, [](wire::OpenSession& m) { m.add_consents(field("consent of ann")); }),
      malformed_message);  // one twice
  EXPECT_EQ(open_altered(ledger, [&](wire::OpenSession& m) { m.set_ends_ms(ledger.block_ms); }),
            period_refused);
}

TEST(Session, AServiceMaySignForItsOrganisation) {
  Ledger ledger = start();
  xinglin::identity::v1::RegisterService out;
  out.set_organisation(field("north"));
  out.set_service(field("gate"));
  out.set_name("gateway");
  *out.add_keys() = ledger.new_key("gate", id("gate"), purpose_sign);
  EXPECT_EQ(ledger.send(identity::contract_number, identity::register_service_type, out, {"north"}),
            applied);
  EXPECT_EQ(open(ledger, "s1", {"gate", "south"}), applied);
  EXPECT_EQ(open(ledger, "s2", {"gate", "insurer"}), requester_missing);
}

TEST(Journal, IsOneUnbrokenSequence) {
  Ledger ledger = start();
  EXPECT_EQ(send(ledger, journal_root_type, root_of(ledger, 1, ""), {"south"}), custodian_missing);
  EXPECT_EQ(send(ledger, journal_root_type, root_of(ledger, 1, ""), {"north"}), applied);
  EXPECT_EQ(send(ledger, journal_root_type, root_of(ledger, 1, ""), {"north"}), journal_gap);
  EXPECT_EQ(send(ledger, journal_root_type, root_of(ledger, 11, digest("other")), {"north"}),
            journal_gap);
  auto late = root_of(ledger, 11, digest("root at 1"));
  late.set_oldest_ms(ledger.block_ms - hour_ms);
  late.set_late(true);
  EXPECT_EQ(send(ledger, journal_root_type, late, {"north"}), applied);
  const auto head = find_journal(ledger.state(), id("north"));
  EXPECT_EQ(head->next_sequence(), 21U);
  EXPECT_EQ(head->late_count(), 1U);
  auto out = root_of(ledger, 21, digest("root at 11"));
  out.set_count(limits::journal_count_max + 1);
  EXPECT_EQ(send(ledger, journal_root_type, out, {"north"}), testing::malformed_message);
  out.set_count(limits::journal_count_max);
  EXPECT_EQ(send(ledger, journal_root_type, out, {"north"}), applied);
  out.set_first_sequence(UINT64_MAX);
  EXPECT_EQ(send(ledger, journal_root_type, out, {"north"}), testing::malformed_message);
}

TEST(Cohort, NeedsBothSidesAndRecentPolicies) {
  Ledger ledger = start();
  EXPECT_EQ(send(ledger, cohort_entry_type, cohort(ledger), {"north"}), requester_missing);
  EXPECT_EQ(send(ledger, cohort_entry_type, cohort(ledger), {"south"}), custodian_missing);
  auto old = cohort(ledger);
  old.set_policy_height(ledger.height - limits::policy_age_heights_max - 1);
  EXPECT_EQ(send(ledger, cohort_entry_type, old, {"north", "south"}), policy_height_refused);
  old.set_policy_height(ledger.height - limits::policy_age_heights_max);
  EXPECT_EQ(send(ledger, cohort_entry_type, old, {"north", "south"}), applied);
  EXPECT_EQ(send(ledger, cohort_entry_type, old, {"north", "south"}), entry_exists);
  auto own = cohort(ledger);
  own.set_entry(field("q2"));
  own.set_requester(field("north"));
  EXPECT_EQ(send(ledger, cohort_entry_type, own, {"north"}), applied);
  EXPECT_EQ(find_cohort(ledger.state(), id("q2"))->count(), 12U);
}

TEST(Denials, AreEnteredByTheCustodian) {
  Ledger ledger = start();
  EXPECT_EQ(deny(ledger, "d1", "south"), custodian_missing);
  EXPECT_EQ(deny(ledger, "d1", "north"), applied);
  EXPECT_EQ(deny(ledger, "d1", "north"), entry_exists);
  EXPECT_EQ(find_denied(ledger.state(), id("d1"))->patient(), field("ann"));
}

TEST(Emergency, LastsAnHourAndOneRenewal) {
  Ledger ledger = start();
  EXPECT_EQ(declare(ledger, "e1", {"fay"}), requester_missing);
  EXPECT_EQ(declare(ledger, "e1", {"fay", "south"}), applied);
  EXPECT_EQ(ledger.events.size(), 3U);  // declared, officer, patient
  EXPECT_EQ(declare(ledger, "e1", {"gus", "south"}), entry_exists);
  const std::uint64_t now = ledger.block_ms;
  const auto live = [&](std::uint64_t at) {
    return emergency_is_live(ledger.state(), id("e1"), at);
  };
  EXPECT_TRUE(live(now + limits::emergency_ms - 1));
  EXPECT_FALSE(live(now + limits::emergency_ms));
  EXPECT_EQ(renew(ledger, "e1", {"gus", "south"}), practitioner_missing);
  EXPECT_EQ(renew(ledger, "e1", {"fay", "south"}), applied);
  EXPECT_TRUE(live(now + 2 * limits::emergency_ms - 1));
  EXPECT_FALSE(live(now + 2 * limits::emergency_ms));
}

TEST(Emergency, IsEndedByThoseWhoDeclaredItAndTheirOrganisationAlone) {
  for (const char* who : {"fay", "gus", "south"}) {
    Ledger ledger = start();
    EXPECT_EQ(declare(ledger, "e1", {"fay", "south", "gus"}, "ann", "gus"), applied);
    EXPECT_EQ(open_altered(ledger,
                           [](wire::OpenSession& m) {
                             m.clear_consents();
                             m.set_emergency(field("e1"));
                           }),
              applied);
    ledger.block_ms += minute_ms;
    EXPECT_EQ(review(ledger, "e1", "ina"), emergency_running);
    EXPECT_TRUE(session_is_live(ledger.state(), id("s1"), ledger.block_ms));
    EXPECT_EQ(mend(ledger, "e1", {who}), applied) << who;
    EXPECT_EQ(ledger.events.size(), 1U);
    EXPECT_FALSE(emergency_is_live(ledger.state(), id("e1"), ledger.block_ms));
    EXPECT_FALSE(session_is_live(ledger.state(), id("s1"), ledger.block_ms));
    EXPECT_EQ(find_emergency(ledger.state(), id("e1"))->ends_ms(), ledger.block_ms);
    EXPECT_EQ(mend(ledger, "e1", {who}), emergency_over);
    EXPECT_EQ(renew(ledger, "e1", {"fay", "south"}), emergency_over);
    EXPECT_EQ(review(ledger, "e1", "ina"), applied);
  }
  Ledger ledger = start();
  EXPECT_EQ(declare(ledger, "e1", {"fay", "south", "gus"}, "ann", "gus"), applied);
  for (const char* who : {"ina", "north", "ann", "erik"}) {
    EXPECT_EQ(mend(ledger, "e1", {who}), not_ender) << who;
  }
  EXPECT_EQ(mend(ledger, "e2", {"fay"}), emergency_unknown);
  ledger.block_ms += limits::emergency_ms;
  EXPECT_EQ(mend(ledger, "e1", {"fay"}), emergency_over);
}

TEST(Emergency, OpensSessionsAndEndsThem) {
  Ledger ledger = start();
  EXPECT_EQ(declare(ledger, "e1", {"fay", "south"}), applied);
  const auto open_on = [&](const std::string& session) {
    return open_altered(ledger, [&](wire::OpenSession& m) {
      m.set_session(field(session));
      m.clear_consents();
      m.set_emergency(field("e1"));
    });
  };
  EXPECT_EQ(open_on("s1"), applied);
  EXPECT_TRUE(session_is_live(ledger.state(), id("s1"), ledger.block_ms));
  xinglin::identity::v1::RevokeAttestation out;
  out.set_organisation(field("south"));
  out.set_practitioner(field("fay"));
  EXPECT_EQ(
      ledger.send(identity::contract_number, identity::revoke_attestation_type, out, {"south"}),
      applied);
  EXPECT_FALSE(session_is_live(ledger.state(), id("s1"), ledger.block_ms));  // role ended
  EXPECT_EQ(open_on("s2"), emergency_over);
}

TEST(Emergency, WithoutPatientIsAHandleOnly) {
  Ledger ledger = start();
  EXPECT_EQ(declare(ledger, "e1", {"fay", "south"}, ""), applied);
  EXPECT_EQ(ledger.events.size(), 2U);
  EXPECT_EQ(open_altered(ledger,
                         [](wire::OpenSession& m) {
                           m.clear_consents();
                           m.set_emergency(field("e1"));
                         }),
            emergency_of_another);
  EXPECT_EQ(declare(ledger, "e2", {"fay", "south"}, "nobody"), patient_unknown);
}

TEST(Emergency, OverdueReviewNeedsASecondClinicianNeverBlocksCare) {
  Ledger ledger = start();
  EXPECT_EQ(declare(ledger, "e1", {"fay", "south"}), applied);
  ledger.block_ms += limits::review_within_ms - 1;
  EXPECT_EQ(declare(ledger, "e2", {"fay", "south"}), applied);
  ledger.block_ms += 1;
  EXPECT_TRUE(review_is_overdue(ledger.state(), id("south"), ledger.block_ms));
  EXPECT_EQ(declare(ledger, "e3", {"fay", "south"}, "ann", "fay"), second_clinician_missing);
  EXPECT_EQ(declare(ledger, "e3", {"fay", "south"}, "ann", "gus"), second_clinician_missing);
  EXPECT_EQ(declare(ledger, "e3", {"fay", "south", "erik"}, "ann", "erik"),
            second_clinician_missing);
  EXPECT_EQ(declare(ledger, "e3", {"fay", "south", "gus"}, "ann", "gus"), applied);
  EXPECT_EQ(ledger.events.size(), 4U);  // the regulator is told too
  EXPECT_EQ(renew(ledger, "e3", {"fay", "south"}), second_clinician_missing);
  EXPECT_EQ(renew(ledger, "e3", {"fay", "south", "gus"}, "gus"), applied);
  EXPECT_EQ(review(ledger, "e1", "ina"), applied);
  EXPECT_EQ(declare(ledger, "e4", {"fay", "south"}), applied);  // nothing is overdue now
  EXPECT_EQ(review(ledger, "e9", "ina"), emergency_unknown);
}

/// Open, then answered; overdue is told of both, and the indexes hold what waits.
TEST(Dispute, IsAnsweredOnceByAnOfficerOfTheCustodian) {
  Ledger ledger = start();
  EXPECT_EQ(ledger.attest("nora", "north", {Role::privacy_officer}), applied);
  EXPECT_EQ(ledger.attest("nick", "north", {Role::physician}), applied);
  const std::uint64_t opened = ledger.block_ms;
  EXPECT_EQ(dispute(ledger, "d1", "ann"), applied);
  EXPECT_EQ(dispute(ledger, "d1", "ann"), entry_exists);
  EXPECT_EQ(answer(ledger, "d1", "nick"), not_answerer);
  auto record = find_dispute(ledger.state(), id("d1"));
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->custodian(), field("north"));
  EXPECT_EQ(record->due_ms(), record->opened_ms() + limits::dispute_answer_within_ms);
  EXPECT_GE(record->opened_ms(), opened);
  EXPECT_FALSE(is_overdue(*record, record->due_ms() - 1));
  EXPECT_TRUE(is_overdue(*record, record->due_ms()));
  EXPECT_EQ(unanswered_disputes_of(ledger.state(), id("north"), 8), std::vector{id("d1")});
  EXPECT_TRUE(unanswered_disputes_of(ledger.state(), id("south"), 8).empty());
  ledger.block_ms = record->due_ms();
  EXPECT_EQ(answer(ledger, "d1", "nora"), applied);  // late is better than never
  record = find_dispute(ledger.state(), id("d1"));
  ASSERT_TRUE(record.has_value());
  EXPECT_TRUE(is_overdue(*record, UINT64_MAX));
  EXPECT_EQ(record->officer(), field("nora"));
  EXPECT_TRUE(unanswered_disputes_of(ledger.state(), id("north"), 8).empty());
  EXPECT_EQ(disputes_of(ledger.state(), id("ann"), {}, 8), std::vector{id("d1")});
  EXPECT_TRUE(disputes_of(ledger.state(), id("ann"), id("d1"), 8).empty());
  EXPECT_TRUE(disputes_of(ledger.state(), id("bob"), {}, 8).empty());
}

TEST(Dispute, AGuardianInOfficeSpeaksForTheWard) {
  Ledger ledger = start();
  EXPECT_EQ(ledger.appoint("gil", "ann", "ann", identity::power_recovery, ledger.block_ms + day_ms),
            applied);
  EXPECT_EQ(dispute(ledger, "d1", "gil"), disputant_missing);  // recovery is no consent
  EXPECT_EQ(ledger.appoint("mia", "ann", "ann", identity::power_consent, ledger.block_ms + day_ms),
            applied);
  EXPECT_EQ(dispute(ledger, "d1", "mia"), applied);
  EXPECT_EQ(dispute(ledger, "d2", "mia", "bob"), disputant_missing);
  const auto record = find_dispute(ledger.state(), id("d1"));
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->by(), field("mia"));
  EXPECT_EQ(record->patient(), field("ann"));
}

TEST(Dispute, AnAnswerMakesRoomForAnother) {
  Ledger ledger = start();
  EXPECT_EQ(ledger.attest("nora", "north", {Role::privacy_officer}), applied);
  fill_with_disputes(ledger);
  EXPECT_EQ(dispute(ledger, "bobs", "bob", "bob"), applied);  // of another patient
  EXPECT_EQ(dispute(ledger, "late", "ann"), disputes_exceeded);
  EXPECT_EQ(answer(ledger, "d3", "nora"), applied);
  EXPECT_EQ(dispute(ledger, "late", "ann"), applied);
  EXPECT_EQ(disputes_of(ledger.state(), id("ann"), {}, 100).size(), limits::disputes_open_max + 1);
  std::vector<model::Id> paged;
  for (model::Id after{};;) {
    const auto some = disputes_of(ledger.state(), id("ann"), after, 5);
    if (some.empty()) break;
    paged.insert(paged.end(), some.begin(), some.end());
    after = some.back();
  }
  EXPECT_EQ(paged, disputes_of(ledger.state(), id("ann"), {}, 100));
}

TEST(Access, RefusesMalformedMessages) {
  const Ledger ledger;
  const Contract* contract = ledger.registry().find(contract_number);
  for (std::uint16_t type = 1; type <= end_emergency_type; ++type) {
    EXPECT_EQ(contract->check(type, {}).error().code, ErrorCode::message_malformed) << type;
  }
  EXPECT_EQ(contract->check(end_emergency_type + 1, {}).error().code, ErrorCode::contract_unknown);
}

}  // namespace
}  // namespace xl::contracts::access
