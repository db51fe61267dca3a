// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: an agreement is in force when both signed the same terms and until one ends it; refusals
// and disputes stay for ever and tell nobody who was refused or why. Method: stories on a ledger
// with its invariants on, and the terms compared with an enumeration of what they let through.
#include <gtest/gtest.h>

#include "contracts/consent/sealed_forms.h"
#include "contracts/consent/tests/agreement_sends.h"

namespace xl::contracts::consent {
namespace {

using agreements::accept;
using agreements::agree;
using agreements::answer;
using agreements::decline;
using agreements::dispute;
using agreements::end;
using agreements::propose;
using testing::day_ms;
using testing::field;
using testing::id;
using testing::Ledger;

Ledger with_ann() {
  Ledger ledger;
  EXPECT_EQ(ledger.claimed_patient("ann", "north"), applied);
  return ledger;
}

TEST(Agreement, HoldsFromTheSecondSignatureUntilOneEndsIt) {
  Ledger ledger = with_ann();
  EXPECT_EQ(propose(ledger, "a1", {"north"}, ledger.block_ms + 10 * day_ms), applied);
  EXPECT_FALSE(in_force(*find_agreement(ledger.state(), id("a1")), ledger.block_ms));
  EXPECT_EQ(accept(ledger, "a1", {"south"}), applied);
  const auto record = find_agreement(ledger.state(), id("a1"));
  EXPECT_TRUE(in_force(*record, ledger.block_ms));
  EXPECT_FALSE(in_force(*record, ledger.block_ms + 10 * day_ms));
  EXPECT_EQ(agreements_of(ledger.state(), id("north")), std::vector{id("a1")});
  EXPECT_EQ(agreements_of(ledger.state(), id("south")), std::vector{id("a1")});
  EXPECT_EQ(end(ledger, "a1", {"south"}), applied);
  const auto ended = find_agreement(ledger.state(), id("a1"));
  EXPECT_FALSE(in_force(*ended, ledger.block_ms));
  EXPECT_EQ(ended->ended_by(), field("south"));
  EXPECT_TRUE(agreements_of(ledger.state(), id("north")).empty());
}

TEST(Agreement, IsWithdrawnByWhoProposedItAndRefusedByTheOther) {
  for (const char* who : {"north", "south"}) {
    Ledger ledger = with_ann();
    EXPECT_EQ(propose(ledger, "a1", {"north"}), applied);
    EXPECT_EQ(end(ledger, "a1", {who}), applied);
    EXPECT_EQ(accept(ledger, "a1", {"south"}), agreement_closed);
    EXPECT_EQ(dispute(ledger, "q1", "a1", "south", {"south"}), agreement_closed);
  }
}

TEST(Agreement, IsDisputedAlsoWhenItIsOverAndAnsweredOnce) {
  Ledger ledger = with_ann();
  agree(ledger);
  EXPECT_EQ(end(ledger, "a1", {"north"}), applied);
  EXPECT_EQ(dispute(ledger, "q1", "a1", "north", {"north"}), applied);
  const auto waiting = find_agreement_dispute(ledger.state(), id("q1"));
  EXPECT_EQ(waiting->due_ms(), ledger.block_ms + limits::dispute_answer_within_ms);
  EXPECT_FALSE(is_overdue(*waiting, waiting->due_ms() - 1));
  EXPECT_TRUE(is_overdue(*waiting, waiting->due_ms()));
  ledger.block_ms += 31 * day_ms;
  EXPECT_EQ(answer(ledger, "q1", {"south"}), applied);
  EXPECT_TRUE(is_overdue(*find_agreement_dispute(ledger.state(), id("q1")), 0));  // it stays late
  EXPECT_EQ(disputes_of_agreement(ledger.state(), id("a1"), 9), std::vector{id("q1")});
}

TEST(Decline, TellsWhoRefusedAndNothingElse) {
  Ledger ledger = with_ann();
  EXPECT_EQ(decline(ledger, "d1", "ann", {"ann"}), applied);
  const auto record = find_decline(ledger.state(), id("d1"));
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->patient(), field("ann"));
  EXPECT_EQ(record->custodian(), field("north"));
  ASSERT_EQ(ledger.events.size(), 1U);
  EXPECT_EQ(ledger.events[0].attributes.size(), 3U);
}

AgreementTerms sample_terms() {
  AgreementTerms out;
  out.set_version(1);
  out.set_agreement(field("a1"));
  out.set_holder(field("north"));
  out.set_reader(field("south"));
  auto* type = out.add_classes();
  type->set_system("types");
  type->set_code("Observation");
  out.add_purposes(1);
  out.set_retention_days(30);
  out.set_salt(std::string(32, 's'));
  return out;
}

TEST(AgreementTerms, AreCheckedAtEveryBound) {
  EXPECT_TRUE(check_terms(sample_terms()).ok());
  const auto refused = [](auto change) {
    AgreementTerms terms = sample_terms();
    change(terms);
    return !check_terms(terms).ok();
  };
  EXPECT_TRUE(refused([](auto& t) { t.set_version(2); }));
  EXPECT_TRUE(refused([](auto& t) { t.set_reader(t.holder()); }));
  EXPECT_TRUE(refused([](auto& t) { t.clear_purposes(); }));
  EXPECT_TRUE(refused([](auto& t) { t.set_retention_days(0); }));
  EXPECT_FALSE(refused([](auto& t) { t.set_retention_days(limits::agreement_days_max); }));
  EXPECT_TRUE(refused([](auto& t) { t.set_retention_days(limits::agreement_days_max + 1); }));
  EXPECT_TRUE(refused([](auto& t) { t.set_salt("short"); }));
  EXPECT_TRUE(refused([](auto& t) { *t.add_classes() = t.classes(0); }));  // twice
  EXPECT_FALSE(refused([](auto& t) {
    *t.add_classes() = t.classes(0);
    normalise(t);
  }));
  EXPECT_TRUE(
      refused([](auto& t) { t.set_text(std::string(limits::agreement_text_bytes_max + 1, 'x')); }));
  EXPECT_NE(commitment_of(sample_terms()), [] {
    AgreementTerms other = sample_terms();
    other.set_onward(true);
    return commitment_of(other);
  }());
}

TEST(AgreementTerms, CoverTheirReaderTheirPurposesAndTheirClasses) {
  const AgreementTerms terms = sample_terms();
  int covered = 0;
  for (const char* custodian : {"north", "south"}) {
    for (const char* reader : {"north", "south", "insurer"}) {
      for (const std::uint32_t purpose : {1U, 2U}) {
        for (const char* type : {"Observation", "Condition"}) {
          Facts facts;
          facts.custodian = id(custodian);
          Request request;
          request.requester.organisation = id(reader);
          request.purpose = static_cast<PurposeOfUse>(purpose);
          request.resource.classes = {{"types", type}};
          covered += covers(terms, request, facts) ? 1 : 0;
        }
      }
    }
  }
  EXPECT_EQ(covered, 1);
  Rule permit;
  permit.add_purposes(1);
  EXPECT_FALSE(covers(terms, permit));  // of every class
  *permit.add_classes() = terms.classes(0);
  EXPECT_TRUE(covers(terms, permit));
  permit.add_purposes(2);
  EXPECT_FALSE(covers(terms, permit));
  AgreementTerms every = terms;
  every.clear_classes();
  every.add_purposes(2);
  EXPECT_TRUE(covers(every, permit));
}

}  // namespace
}  // namespace xl::contracts::consent
