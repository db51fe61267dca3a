// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "contracts/consent/messages.pb.h"
#include "contracts/consent/records.h"
#include "contracts/consent/status.h"
#include "contracts/consent/view.h"
#include "contracts/tests/fixture.h"

/// Refusals and agreements sent in tests: what is named is its id, its terms are digests of names.
namespace xl::contracts::consent::agreements {

namespace wire = xinglin::consent::v1;
using testing::day_ms;
using testing::digest;
using testing::field;
using testing::id;
using testing::Ledger;
using testing::Signers;

inline StatusCode decline(Ledger& ledger, const std::string& refusal, const std::string& patient,
                          const Signers& signers) {
  wire::Decline out;
  out.set_decline(field(refusal));
  out.set_patient(field(patient));
  out.set_commitment(digest("refused as " + refusal));
  return ledger.send(contract_number, decline_type, out, signers);
}

inline StatusCode propose(Ledger& ledger, const std::string& agreement, const Signers& signers,
                          std::uint64_t end_ms = 0, const std::string& other = "south",
                          const std::string& proposer = "north") {
  wire::ProposeAgreement out;
  out.set_agreement(field(agreement));
  out.set_proposer(field(proposer));
  out.set_other(field(other));
  out.set_end_ms(end_ms);
  out.set_commitment(digest("terms of " + agreement));
  return ledger.send(contract_number, propose_agreement_type, out, signers);
}

inline StatusCode accept(Ledger& ledger, const std::string& agreement, const Signers& signers,
                         const std::string& terms = "") {
  wire::AcceptAgreement out;
  out.set_agreement(field(agreement));
  out.set_commitment(digest("terms of " + (terms.empty() ? agreement : terms)));
  return ledger.send(contract_number, accept_agreement_type, out, signers);
}

inline StatusCode end(Ledger& ledger, const std::string& agreement, const Signers& signers) {
  wire::EndAgreement out;
  out.set_agreement(field(agreement));
  return ledger.send(contract_number, end_agreement_type, out, signers);
}

inline StatusCode dispute(Ledger& ledger, const std::string& dispute, const std::string& agreement,
                          const std::string& by, const Signers& signers) {
  wire::DisputeAgreement out;
  out.set_dispute(field(dispute));
  out.set_agreement(field(agreement));
  out.set_by(field(by));
  out.set_details(digest("words of " + dispute));
  return ledger.send(contract_number, dispute_agreement_type, out, signers);
}

inline StatusCode answer(Ledger& ledger, const std::string& dispute, const Signers& signers) {
  wire::AnswerAgreement out;
  out.set_dispute(field(dispute));
  out.set_answer(digest("answer to " + dispute));
  return ledger.send(contract_number, answer_agreement_type, out, signers);
}

/// "a1" of north and south is accepted.
inline void agree(Ledger& ledger) {
  EXPECT_EQ(propose(ledger, "a1", {"north"}), applied);
  EXPECT_EQ(accept(ledger, "a1", {"south"}), applied);
}

/// What refusals and proposals are refused with, on a ledger with the patient "ann" at north.
inline std::vector<testing::StatusCase> proposal_cases() {
  return {
      {"the custodian refuses for a patient", not_patient,
       [](Ledger& l) { return decline(l, "d1", "ann", {"north"}); }},
      {"a refusal's identifier twice", identifier_taken,
       [](Ledger& l) {
         EXPECT_EQ(decline(l, "d1", "ann", {"ann"}), applied);
         return decline(l, "d1", "ann", {"ann"});
       }},
      {"an agreement with nobody", organisation_unknown,
       [](Ledger& l) { return propose(l, "a1", {"north"}, 0, "ann"); }},
      {"an agreement with oneself", organisation_unknown,
       [](Ledger& l) { return propose(l, "a1", {"north"}, 0, "north"); }},
      {"proposed in another's name", administrator_missing,
       [](Ledger& l) { return propose(l, "a1", {"insurer"}); }},
      {"a key that may only sign", purpose_missing,
       [](Ledger& l) {
         EXPECT_EQ(l.add_key("north", "north daily", purpose_sign, "north"), applied);
         return propose(l, "a1", {"north daily"});
       }},
      {"an identifier twice", identifier_taken,
       [](Ledger& l) {
         EXPECT_EQ(propose(l, "a1", {"north"}), applied);
         return propose(l, "a1", {"north"});
       }},
      {"over before it begins", period_refused,
       [](Ledger& l) { return propose(l, "a1", {"north"}, l.block_ms); }},
      {"accepted when its time is over", period_refused,
       [](Ledger& l) {
         EXPECT_EQ(propose(l, "a1", {"north"}, l.block_ms + day_ms), applied);
         l.block_ms += day_ms;
         return accept(l, "a1", {"south"});
       }},
      {"one more than may be kept", agreements_too_many,
       [](Ledger& l) {
         for (std::uint32_t i = 0; i < limits::agreements_max; ++i) {
           EXPECT_EQ(propose(l, "a" + std::to_string(i), {"north"}), applied);
         }
         return propose(l, "one more", {"south"}, 0, "north", "south");
       }},
  };
}

/// What is refused of what follows a proposal.
inline std::vector<testing::StatusCase> agreement_cases() {
  return {
      {"nobody's agreement", agreement_unknown,
       [](Ledger& l) { return accept(l, "a1", {"south"}); }},
      {"accepted by who proposed it", administrator_missing,
       [](Ledger& l) {
         EXPECT_EQ(propose(l, "a1", {"north"}), applied);
         return accept(l, "a1", {"north"});
       }},
      {"other terms than were proposed", terms_differ,
       [](Ledger& l) {
         EXPECT_EQ(propose(l, "a1", {"north"}), applied);
         return accept(l, "a1", {"south"}, "a2");
       }},
      {"accepted twice", agreement_closed,
       [](Ledger& l) {
         agree(l);
         return accept(l, "a1", {"south"});
       }},
      {"ended by a third one", administrator_missing,
       [](Ledger& l) {
         agree(l);
         return end(l, "a1", {"insurer"});
       }},
      {"ended twice", agreement_closed,
       [](Ledger& l) {
         agree(l);
         EXPECT_EQ(end(l, "a1", {"south"}), applied);
         return end(l, "a1", {"north"});
       }},
      {"a dispute about a proposal", agreement_closed,
       [](Ledger& l) {
         EXPECT_EQ(propose(l, "a1", {"north"}), applied);
         return dispute(l, "q1", "a1", "north", {"north"});
       }},
      {"a dispute of a third one", administrator_missing,
       [](Ledger& l) {
         agree(l);
         return dispute(l, "q1", "a1", "insurer", {"insurer"});
       }},
      {"one dispute more than may wait", agreement_disputes_too_many,
       [](Ledger& l) {
         agree(l);
         for (std::uint32_t i = 0; i < limits::agreement_disputes_max; ++i) {
           EXPECT_EQ(dispute(l, "q" + std::to_string(i), "a1", "north", {"north"}), applied);
         }
         return dispute(l, "one more", "a1", "south", {"south"});
       }},
      {"an answer to nothing", agreement_dispute_unknown,
       [](Ledger& l) { return answer(l, "q1", {"south"}); }},
      {"an answer to oneself", administrator_missing,
       [](Ledger& l) {
         agree(l);
         EXPECT_EQ(dispute(l, "q1", "a1", "north", {"north"}), applied);
         return answer(l, "q1", {"north"});
       }},
      {"answered twice", agreement_dispute_answered,
       [](Ledger& l) {
         agree(l);
         EXPECT_EQ(dispute(l, "q1", "a1", "north", {"north"}), applied);
         EXPECT_EQ(answer(l, "q1", {"south"}), applied);
         return answer(l, "q1", {"south"});
       }},
  };
}

}  // namespace xl::contracts::consent::agreements
