// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: members alone decide, by weight, once, and what they decided happens at its height or is
// refused for a reason that can be read. Method: a table that reaches each status on a fresh
// ledger, then every transition, the bounds of each change, and attacks by who signs.
#include <gtest/gtest.h>

#include "contracts/governance/events.h"
#include "contracts/governance/messages.pb.h"
#include "contracts/governance/records.h"
#include "contracts/governance/security.h"
#include "contracts/governance/status.h"
#include "contracts/governance/tests/votes.h"
#include "contracts/governance/view.h"
#include "contracts/identity/view.h"

namespace xl::contracts::governance {
namespace {

namespace wire = xinglin::governance::v1;
using testing::digest;
using testing::expect_statuses;
using testing::field;
using testing::id;
using testing::key;
using testing::Ledger;
using testing::malformed_message;
using testing::Signers;
using testing::StatusCase;
using testing::votes::admission;
using testing::votes::attest;
using testing::votes::attest_newcomer;
using testing::votes::attestation;
using testing::votes::decide;
using testing::votes::expulsion;
using testing::votes::parameters;
using testing::votes::proposal;
using testing::votes::propose;
using testing::votes::public_key;
using testing::votes::send;
using testing::votes::status_of;
using testing::votes::update;
using testing::votes::update_member;
using testing::votes::validator;
using testing::votes::vote;
using testing::votes::weight;
using testing::votes::withdraw;

/// One whose genesis fixes the engine: it orders alone.
void fix_engine(Ledger& ledger) {
  auto now = *find_parameters(ledger.state());
  now.set_engine_fixed(true);
  store_record(ledger.writable(), parameters_key(), now);
}

/// One whose genesis names no members.
void forget_members(Ledger& ledger) {
  for (const char* name : {"north", "south", "insurer"}) {
    ledger.writable().erase(member_key(id(name)));
  }
  ledger.writable().erase(parameters_key());
}

wire::Propose with_version(std::uint64_t version) {
  wire::Propose out = proposal("p");
  out.mutable_version()->set_version(version);
  return out;
}

StatusCode expelled_votes(Ledger& ledger) {
  EXPECT_EQ(decide(ledger, expulsion("x", "insurer"), {"north", "south", "insurer"}),
            ProposalStatus::executed);
  EXPECT_EQ(propose(ledger, weight("p", "south", 2)), applied);
  return vote(ledger, "p", "insurer", Ballot::yes);
}

StatusCode fill_agenda(Ledger& ledger) {
  for (std::uint32_t i = 0; i < limits::proposals_live_max; ++i) {
    EXPECT_EQ(propose(ledger, weight("p" + std::to_string(i), "south", 2)), applied);
  }
  return propose(ledger, weight("one more", "south", 2));
}

StatusCode fill_members(Ledger& ledger) {
  for (std::uint32_t i = 3; i < limits::members_max; ++i) {
    wire::MemberRecord record;
    record.set_validator_key(field(key("v" + std::to_string(i)).id));
    store_record(ledger.writable(), member_key(id("m" + std::to_string(i))), record);
  }
  EXPECT_EQ(attest_newcomer(ledger, "west"), applied);
  return propose(ledger, admission("p", "west"));
}

StatusCode with_opening(Ledger& ledger) {
  wire::Propose late = weight("p", "south", 2);
  late.set_opens_ms(ledger.block_ms + testing::hour_ms);
  late.set_closes_ms(ledger.block_ms + 2 * testing::hour_ms);
  EXPECT_EQ(propose(ledger, late), applied);
  return vote(ledger, "p", "north", Ballot::yes);
}

StatusCode with_session(Ledger& ledger) {
  // Identity lets nobody delegate these types; a session for others must not do either.
  EXPECT_EQ(ledger.attest("nurse", "north", {identity::Role::nurse}), applied);
  Caller caller;
  caller.did = id("north");
  caller.purposes = purpose_manage | purpose_session;
  caller.delegated = true;
  const Bytes payload = model::encode(weight("p", "south", 2));
  const auto command = ledger.registry().find(contract_number)->check(propose_type, payload);
  const Context context{ledger.height, ledger.block_ms, ledger.network, {}, {&caller, 1}};
  return (*command)->authorize(context, ledger.state());
}

StatusCode without_purpose(Ledger& ledger) {
  EXPECT_EQ(ledger.add_key("north", "signs only", purpose_sign, "north"), applied);
  return send(ledger, propose_type, weight("p", "south", 2), {"signs only"});
}

StatusCode in_use(Ledger& ledger, const std::function<void(wire::AdmitMember&)>& change) {
  EXPECT_EQ(attest_newcomer(ledger, "west"), applied);
  wire::Propose out = admission("p", "west");
  change(*out.mutable_admit());
  return propose(ledger, out);
}

std::vector<StatusCase> who_may() {
  return {
      {"a member proposes", applied, [](Ledger& l) { return propose(l, weight("p", "south", 2)); }},
      {"another member signs for it", not_signed_by_member,
       [](Ledger& l) { return send(l, propose_type, weight("p", "south", 2), {"south"}); }},
      {"a session signs", delegation_refused, with_session},
      {"a key that does not manage", purpose_missing, without_purpose},
      {"an organisation that is no member proposes", member_unknown,
       [](Ledger& l) {
         wire::Propose out = weight("p", "south", 2);
         out.set_proposer(field("nobody"));
         return send(l, propose_type, out, {"north"});
       }},
      {"a change of somebody who is no member", member_unknown,
       [](Ledger& l) { return propose(l, weight("p", "nobody", 2)); }},
      {"an expelled member votes", member_expelled, expelled_votes},
      {"nobody is a member", not_founded,
       [](Ledger& l) {
         forget_members(l);
         return propose(l, weight("p", "south", 2));
       }},
      {"somebody else withdraws", not_signed_by_member,
       [](Ledger& l) {
         EXPECT_EQ(propose(l, weight("p", "south", 2)), applied);
         return withdraw(l, "p", "south");
       }},
      {"a vote for another member", not_signed_by_member,
       [](Ledger& l) {
         EXPECT_EQ(propose(l, weight("p", "south", 2)), applied);
         wire::Vote ballot;
         ballot.set_proposal(field("p"));
         ballot.set_member(field("south"));
         ballot.set_ballot(1);
         return send(l, vote_type, ballot, {"north"});
       }},
  };
}

std::vector<StatusCase> when() {
  const auto with_times = [](std::int64_t opens, std::int64_t closes) {
    return [opens, closes](Ledger& l) {
      wire::Propose out = weight("p", "south", 2);
      const auto now = static_cast<std::int64_t>(l.block_ms);
      out.set_opens_ms(opens == 0 ? 0 : static_cast<std::uint64_t>(now + opens));
      out.set_closes_ms(static_cast<std::uint64_t>(now + closes));
      return propose(l, out);
    };
  };
  const auto max = static_cast<std::int64_t>(14 * testing::day_ms);
  const auto with_height = [](std::int64_t ahead) {
    return [ahead](Ledger& l) {
      wire::Propose out = weight("p", "south", 2);
      out.set_execute_height(
          static_cast<std::uint64_t>(static_cast<std::int64_t>(l.height) + ahead));
      return propose(l, out);
    };
  };
  return {
      {"the longest period", applied, with_times(0, max)},
      {"a longer one", period_refused, with_times(0, max + 1)},
      {"the shortest", applied, with_times(0, limits::voting_ms_min)},
      {"a shorter one", period_refused, with_times(0, limits::voting_ms_min - 1)},
      {"opened long ago", period_refused, with_times(-200'000, 3'600'000)},
      {"the next height", applied, with_height(1)},
      {"this height", height_refused, with_height(0)},
      {"the last height", applied, with_height(limits::execute_ahead_heights_max)},
      {"too far", height_refused, with_height(limits::execute_ahead_heights_max + 1)},
      {"a ballot before the opening", voting_not_open, with_opening},
      {"one id twice", proposal_exists,
       [](Ledger& l) {
         EXPECT_EQ(propose(l, weight("p", "south", 2)), applied);
         return propose(l, weight("p", "south", 3));
       }},
      {"a vote on nothing", proposal_unknown,
       [](Ledger& l) { return vote(l, "p", "north", Ballot::yes); }},
      {"a vote behind the close", proposal_decided,
       [](Ledger& l) {
         EXPECT_EQ(propose(l, weight("p", "south", 2)), applied);
         l.block_ms += testing::hour_ms;
         return vote(l, "p", "north", Ballot::yes);
       }},
      {"too many at once", proposals_too_many, fill_agenda},
  };
}

std::vector<StatusCase> what() {
  return {
      {"a newcomer without an attestation", attestation_missing,
       [](Ledger& l) { return propose(l, admission("p", "west")); }},
      {"a member comes twice", member_exists,
       [](Ledger& l) { return propose(l, admission("p", "north")); }},
      {"a key of somebody else", key_in_use,
       [](Ledger& l) {
         return in_use(l, [](auto& in) { in.set_envelope_key(public_key("south")); });
       }},
      {"a validator of somebody else", key_in_use,
       [](Ledger& l) {
         return in_use(l, [](auto& in) { in.set_validator_key(public_key("validator of south")); });
       }},
      {"an address of somebody else", key_in_use,
       [](Ledger& l) {
         return in_use(l, [](auto& in) { in.set_address("south.example:26656"); });
       }},
      {"one key twice", key_in_use,
       [](Ledger& l) { return in_use(l, [](auto& in) { in.set_envelope_key(in.peer_key()); }); }},
      {"a key that no engine takes", key_type_unknown,
       [](Ledger& l) { return in_use(l, [](auto& in) { in.set_validator_algorithm(2); }); }},
      {"more than a third comes in", power_moved_too_far,
       [](Ledger& l) { return in_use(l, [](auto& in) { in.set_power(11); }); }},
      {"a third", applied, [](Ledger& l) { return in_use(l, [](auto& in) { in.set_power(10); }); }},
      {"more than a third leaves", power_moved_too_far,
       [](Ledger& l) {
         EXPECT_EQ(decide(l, validator("x", "north", "validator of north", 20), {}),
                   ProposalStatus::executed);
         return propose(l, validator("p", "north", "validator of north", 0));
       }},
      {"full", members_too_many, fill_members},
      {"the last one that weighs", no_weight_left,
       [](Ledger& l) {
         EXPECT_EQ(decide(l, weight("x", "south", 0), {}), ProposalStatus::executed);
         EXPECT_EQ(decide(l, weight("y", "insurer", 0), {}), ProposalStatus::executed);
         return propose(l, weight("p", "north", 0));
       }},
      {"as it is", nothing_changes, [](Ledger& l) { return propose(l, weight("p", "south", 1)); }},
      {"the engine is fixed", engine_fixed,
       [](Ledger& l) {
         fix_engine(l);
         return propose(l, validator("p", "north", "another", 10));
       }},
      {"a follower leaves who orders alone", applied,
       [](Ledger& l) {
         auto south = *find_member(l.state(), id("south"));
         south.set_power(0);
         store_record(l.writable(), member_key(id("south")), south);
         fix_engine(l);
         return propose(l, expulsion("p", "south"));
       }},
      {"an old version", version_refused, [](Ledger& l) { return propose(l, with_version(1)); }},
      {"the next version", applied, [](Ledger& l) { return propose(l, with_version(2)); }},
  };
}

std::vector<StatusCase> security_cases() {
  const auto with = [](const std::function<void(Ledger&, wire::AttestSecurity&)>& change) {
    return [change](Ledger& l) {
      wire::AttestSecurity out = attestation(l, "north", "south");
      change(l, out);
      return send(l, attest_security_type, out, {"north", "south"});
    };
  };
  return {
      {"a member's own", applied, with([](auto&, auto&) {})},
      {"by itself", auditor_refused,
       with([](auto&, auto& out) { out.set_auditor(field("north")); })},
      {"by a stranger", auditor_refused,
       with([](auto&, auto& out) { out.set_auditor(field("nobody")); })},
      {"over already", attestation_period_refused,
       with([](auto& l, auto& out) { out.set_next_due_ms(l.block_ms); })},
      {"too long", attestation_period_refused, with([](auto&, auto& out) {
         out.set_next_due_ms(out.scanned_ms() + limits::security_attestation_ms_max + 1);
       })},
      {"scanned tomorrow", attestation_period_refused,
       with([](auto& l, auto& out) { out.set_scanned_ms(l.block_ms + testing::day_ms); })},
      {"not signed by the auditor", not_signed_by_member,
       [](Ledger& l) {
         return send(l, attest_security_type, attestation(l, "north", "south"), {"north"});
       }},
      {"not signed by the member", attestation_signature_invalid,
       [](Ledger& l) {
         return send(l, attest_security_type, attestation(l, "north", "south"), {"south"});
       }},
      {"a newcomer's, signed for another report", attestation_signature_invalid,
       [](Ledger& l) {
         wire::AttestSecurity out = testing::votes::newcomer_attestation(l, "west", "north");
         out.set_report(digest("another"));
         return send(l, attest_security_type, out, {"north"});
       }},
      {"a member's statement", applied,
       [](Ledger& l) {
         return send(l, attest_security_type,
                     testing::votes::newcomer_attestation(l, "north", "south"), {"south"});
       }},
      {"a member's statement by another key", attestation_signature_invalid,
       [](Ledger& l) {
         wire::AttestSecurity out = testing::votes::newcomer_attestation(l, "thief", "south");
         out.set_organisation(field("north"));
         const Bytes signature =
             key("thief").signing.sign(security_attestation_bytes(l.network, out));
         out.set_signature(signature.data(), signature.size());
         return send(l, attest_security_type, out, {"south"});
       }},
      {"a newcomer's of another key", attestation_missing,
       [](Ledger& l) {
         EXPECT_EQ(attest_newcomer(l, "west"), applied);
         wire::Propose out = admission("p", "west");
         out.mutable_admit()->mutable_organisations(0)->set_service_key(public_key("thief"));
         return propose(l, out);
       }},
  };
}

std::vector<StatusCase> update_cases() {
  const auto of_north = [](const std::function<void(wire::UpdateMember&)>& change) {
    return [change](Ledger& l) {
      wire::UpdateMember out = update("north");
      change(out);
      return send(l, update_member_type, out, {"north"});
    };
  };
  return {
      {"a member tells its gateway", applied,
       of_north([](auto& out) { out.set_gateway("https://north.example:7410"); })},
      {"as it is", nothing_changes, of_north([](auto&) {})},
      {"another's engine address", key_in_use,
       of_north([](auto& out) { out.set_address("south.example:26656"); })},
      {"another tells it", not_signed_by_member,
       [](Ledger& l) { return send(l, update_member_type, update("north", true), {"south"}); }},
      {"a key that does not manage tells it", purpose_missing,
       [](Ledger& l) {
         EXPECT_EQ(l.add_key("north", "signs only", purpose_sign, "north"), applied);
         return send(l, update_member_type, update("north", true), {"signs only"});
       }},
      {"one who is no member", member_unknown,
       [](Ledger& l) {
         wire::UpdateMember out = update("north");
         out.set_member(field("nobody"));
         return send(l, update_member_type, out, {"north"});
       }},
      {"an expelled member", member_expelled,
       [](Ledger& l) {
         EXPECT_EQ(decide(l, expulsion("x", "insurer"), {}), ProposalStatus::executed);
         return update_member(l, "insurer", true);
       }},
      {"the address of one who was expelled", applied,
       [](Ledger& l) {
         EXPECT_EQ(decide(l, expulsion("x", "insurer"), {}), ProposalStatus::executed);
         wire::UpdateMember out = update("north");
         out.set_address("insurer.example:26656");
         return send(l, update_member_type, out, {"north"});
       }},
      {"the last archive gives the role up", no_archive_left,
       [](Ledger& l) {
         EXPECT_EQ(update_member(l, "north", true), applied);
         return update_member(l, "north", false);
       }},
      {"the last archive moves", applied,
       [](Ledger& l) {
         EXPECT_EQ(update_member(l, "north", true), applied);
         wire::UpdateMember out = update("north", true);
         out.set_address("new.example:26656");
         return send(l, update_member_type, out, {"north"});
       }},
      {"another archive stays", applied,
       [](Ledger& l) {
         EXPECT_EQ(update_member(l, "north", true), applied);
         EXPECT_EQ(update_member(l, "south", true), applied);
         return update_member(l, "north", false);
       }},
      {"expelling the last archive", no_archive_left,
       [](Ledger& l) {
         EXPECT_EQ(update_member(l, "insurer", true), applied);
         return propose(l, expulsion("p", "insurer"));
       }},
      {"expelling one of two", applied,
       [](Ledger& l) {
         EXPECT_EQ(update_member(l, "insurer", true), applied);
         EXPECT_EQ(update_member(l, "south", true), applied);
         return propose(l, expulsion("p", "insurer"));
       }},
  };
}

TEST(Governance, ReachesEveryStatus) {
  std::vector<StatusCase> cases;
  for (auto* table : {&who_may, &when, &what, &security_cases, &update_cases}) {
    for (StatusCase& one : (*table)()) cases.push_back(std::move(one));
  }
  // What would leave no validator moves more than a third, unless there is but one.
  cases.push_back({"the last validator", no_validator_left, [](Ledger& l) {
                     for (const char* name : {"south", "insurer"}) {
                       auto record = *find_member(l.state(), id(name));
                       record.set_power(0);
                       store_record(l.writable(), member_key(id(name)), record);
                     }
                     return propose(l, expulsion("p", "north"));
                   }});
  expect_statuses(Ledger(), contract_number, cases);
}

/// The recorded bytes of formats-contracts.md §6.
TEST(Governance, ASecurityStatementIsTheseBytes) {
  wire::AttestSecurity message;
  message.set_organisation(std::string(16, '\x09'));
  message.set_auditor(std::string(16, '\x0a'));
  message.set_scanned_ms(1);
  message.set_next_due_ms(2);
  message.set_report("\x01" + std::string(32, '\x0b'));
  message.set_software("xinglin 0.1.0");
  Hash network{};
  network.fill(7);
  std::string expected =
      "78696e676c696e2f73656375726974792d6174746573746174696f6e2f7631"
      "0001";
  for (int i = 0; i < 32; ++i) expected += "07";
  for (int i = 0; i < 16; ++i) expected += "09";
  for (int i = 0; i < 16; ++i) expected += "0a";
  expected +=
      "0000000000000001"
      "0000000000000002"
      "01";
  for (int i = 0; i < 32; ++i) expected += "0b";
  EXPECT_EQ(to_hex(security_attestation_bytes(network, message)),
            expected + "78696e676c696e20302e312e30");
}

TEST(Governance, StatusesAreSound) {
  testing::expect_sound_statuses(*Ledger().registry().find(contract_number));
}

/// The block's end reported this of this proposal and nothing else.
std::vector<EventAttribute> expect_end(const Ledger& ledger, std::uint16_t type,
                                       const std::string& proposal) {
  EXPECT_EQ(ledger.end_events().size(), 1U);
  if (ledger.end_events().empty()) return {};
  const Event& event = ledger.end_events().front();
  EXPECT_EQ(event.contract, contract_number);
  EXPECT_EQ(event.type, type);
  EXPECT_EQ(event.attributes.at(0).key, event::proposal_attribute);
  EXPECT_EQ(event.attributes.at(0).value, copy_of(id(proposal).view()));
  return event.attributes;
}

TEST(Governance, MoreThanTwoThirdsPassAndNotOneLess) {
  Ledger ledger;
  ASSERT_EQ(propose(ledger, weight("p", "south", 2)), applied);
  ASSERT_EQ(vote(ledger, "p", "north", Ballot::yes), applied);
  ASSERT_EQ(vote(ledger, "p", "south", Ballot::yes), applied);
  ledger.end_block();
  EXPECT_EQ(status_of(ledger, "p"), ProposalStatus::open);  // two of three are not more
  EXPECT_TRUE(ledger.end_events().empty());
  ASSERT_EQ(vote(ledger, "p", "insurer", Ballot::no), applied);
  EXPECT_EQ(status_of(ledger, "p"), ProposalStatus::open);
  ASSERT_EQ(vote(ledger, "p", "insurer", Ballot::yes), applied);  // changed its mind
  EXPECT_EQ(status_of(ledger, "p"), ProposalStatus::passed);
  EXPECT_EQ(find_member(ledger.state(), id("south"))->weight(), 1U);
  ledger.end_block();
  EXPECT_EQ(status_of(ledger, "p"), ProposalStatus::executed);
  expect_end(ledger, event::executed, "p");
  EXPECT_EQ(find_member(ledger.state(), id("south"))->weight(), 2U);
  EXPECT_EQ(vote(ledger, "p", "north", Ballot::no), proposal_decided);
  EXPECT_EQ(withdraw(ledger, "p", "north"), proposal_decided);
}

TEST(Governance, ABallotIsCountedOnceAndByWeight) {
  Ledger ledger;
  ASSERT_EQ(decide(ledger, weight("x", "north", 7), {}), ProposalStatus::executed);
  ASSERT_EQ(propose(ledger, weight("p", "south", 5)), applied);
  for (int i = 0; i < 5; ++i) ASSERT_EQ(vote(ledger, "p", "south", Ballot::yes), applied);
  EXPECT_EQ(tally_of(ledger.state(), id("p"), ledger.block_ms).yes, 1U);
  EXPECT_EQ(status_of(ledger, "p"), ProposalStatus::open);
  ASSERT_EQ(vote(ledger, "p", "north", Ballot::yes), applied);  // 8 of 9
  EXPECT_EQ(status_of(ledger, "p"), ProposalStatus::passed);
}

TEST(Governance, HappensAtTheHeightThatWasNamed) {
  Ledger ledger;
  wire::Propose later = weight("p", "south", 2);
  later.set_execute_height(ledger.height + 3);
  ASSERT_EQ(propose(ledger, later), applied);
  for (const char* name : {"north", "south", "insurer"}) {
    ASSERT_EQ(vote(ledger, "p", name, Ballot::yes), applied);
  }
  for (int i = 0; i < 3; ++i) {
    ledger.end_block();
    EXPECT_EQ(status_of(ledger, "p"), ProposalStatus::passed) << i;
  }
  const std::uint64_t height = ledger.height;
  ledger.end_block();
  EXPECT_EQ(status_of(ledger, "p"), ProposalStatus::executed);
  EXPECT_EQ(find_proposal(ledger.state(), id("p"))->done_height(), height);
}

TEST(Governance, ExpiresAndCanBeWithdrawn) {
  Ledger ledger;
  ASSERT_EQ(propose(ledger, weight("p", "south", 2)), applied);
  ASSERT_EQ(propose(ledger, weight("q", "south", 2)), applied);
  ASSERT_EQ(withdraw(ledger, "q", "north"), applied);
  EXPECT_EQ(status_of(ledger, "q"), ProposalStatus::withdrawn);
  ledger.end_block();
  EXPECT_EQ(status_of(ledger, "p"), ProposalStatus::open);
  ledger.block_ms += testing::hour_ms;
  ledger.end_block();
  EXPECT_EQ(status_of(ledger, "p"), ProposalStatus::expired);
  expect_end(ledger, event::expired, "p");
  EXPECT_EQ(status_of(ledger, "q"), ProposalStatus::withdrawn);
}

TEST(Governance, WhatCannotBeDoneAnyMoreFailsAndSaysWhy) {
  Ledger ledger;
  ASSERT_EQ(attest_newcomer(ledger, "west"), applied);
  wire::Propose later = admission("p", "west");
  later.set_execute_height(ledger.height + 2);
  ASSERT_EQ(propose(ledger, later), applied);
  for (const char* name : {"north", "south", "insurer"}) {
    ASSERT_EQ(vote(ledger, "p", name, Ballot::yes), applied);
  }
  ledger.end_block();
  ledger.block_ms += 366 * testing::day_ms;  // the scan is due
  ledger.end_block();
  const EngineChanges none = ledger.end_block();
  EXPECT_EQ(status_of(ledger, "p"), ProposalStatus::failed);
  const auto reported = expect_end(ledger, event::failed, "p");
  ASSERT_EQ(reported.size(), 2U);
  EXPECT_EQ(reported[1].key, event::status_attribute);
  EXPECT_EQ(read_be<std::uint64_t>(reported[1].value), attestation_missing);
  EXPECT_EQ(find_proposal(ledger.state(), id("p"))->failure(), attestation_missing);
  EXPECT_TRUE(none.validators.empty());
  EXPECT_FALSE(find_member(ledger.state(), id("west")));
  EXPECT_FALSE(identity::find_party(ledger.state(), id("west")));
}

TEST(Governance, ANewcomerIsRegisteredWithItsKeysAndItsValidator) {
  Ledger ledger;
  ASSERT_EQ(attest_newcomer(ledger, "west"), applied);
  EngineChanges engine;
  ASSERT_EQ(decide(ledger, admission("p", "west", 10), {}, &engine), ProposalStatus::executed);
  ASSERT_EQ(engine.validators.size(), 1U);
  EXPECT_EQ(engine.validators[0].public_key, key("validator of west").signing.public_key());
  EXPECT_EQ(engine.validators[0].power, 10U);
  const auto party = identity::find_acting(ledger.state(), id("west"), PartyKind::organisation);
  ASSERT_TRUE(party);
  EXPECT_EQ(party->key_count(), 2U);
  EXPECT_TRUE(may_pack(ledger.state(), id("west")));
  // It votes, and it acts as any organisation does.
  ASSERT_EQ(propose(ledger, weight("q", "south", 2)), applied);
  EXPECT_EQ(vote(ledger, "q", "west", Ballot::yes), applied);
  EXPECT_EQ(ledger.register_patient("ann", "west"), applied);
}

TEST(Governance, AnExpelledMemberCountsNoMore) {
  Ledger ledger;
  EngineChanges engine;
  ASSERT_EQ(decide(ledger, expulsion("p", "insurer"), {}, &engine), ProposalStatus::executed);
  ASSERT_EQ(engine.validators.size(), 1U);
  EXPECT_EQ(engine.validators[0].power, 0U);
  EXPECT_FALSE(may_pack(ledger.state(), id("insurer")));
  EXPECT_TRUE(may_pack(ledger.state(), id("north")));
  ASSERT_EQ(propose(ledger, weight("q", "south", 2)), applied);
  EXPECT_EQ(tally_of(ledger.state(), id("q"), ledger.block_ms).total, 2U);
  EXPECT_EQ(propose(ledger, expulsion("r", "insurer")), member_expelled);
}

TEST(Governance, BallotsOfTheExpelledAreForgotten) {
  Ledger ledger;
  ASSERT_EQ(propose(ledger, weight("q", "south", 2)), applied);
  ASSERT_EQ(vote(ledger, "q", "insurer", Ballot::yes), applied);
  ASSERT_EQ(decide(ledger, expulsion("p", "insurer"), {}), ProposalStatus::executed);
  ASSERT_EQ(vote(ledger, "q", "north", Ballot::yes), applied);
  EXPECT_EQ(status_of(ledger, "q"), ProposalStatus::open);  // one of two
}

TEST(Governance, ARotatedKeyReplacesTheOldOneAtOnce) {
  Ledger ledger;
  EngineChanges engine;
  ASSERT_EQ(decide(ledger, validator("p", "north", "new key", 10), {}, &engine),
            ProposalStatus::executed);
  ASSERT_EQ(engine.validators.size(), 2U);
  EXPECT_EQ(engine.validators[0].power, 0U);
  EXPECT_EQ(engine.validators[0].public_key, key("validator of north").signing.public_key());
  EXPECT_EQ(engine.validators[1].power, 10U);
  EXPECT_EQ(engine.validators[1].public_key, key("new key").signing.public_key());
}

TEST(Governance, ValidatorsChangeOnceInABlock) {
  Ledger ledger;
  for (const char* name : {"north", "south"}) {
    const std::string p = std::string("p") + name;
    ASSERT_EQ(propose(ledger, validator(p, name, std::string("validator of ") + name, 12)),
              applied);
    for (const char* voter : {"north", "south", "insurer"}) {
      ASSERT_EQ(vote(ledger, p, voter, Ballot::yes), applied);
    }
  }
  EXPECT_EQ(ledger.end_block().validators.size(), 1U);
  EXPECT_EQ(status_of(ledger, "pnorth"), ProposalStatus::executed);
  EXPECT_EQ(status_of(ledger, "psouth"), ProposalStatus::passed);
  EXPECT_EQ(ledger.end_block().validators.size(), 1U);
  EXPECT_EQ(status_of(ledger, "psouth"), ProposalStatus::executed);
}

TEST(Governance, AWeightCountsWhileItsNodeIsAttestedWhenTheMembersWantThat) {
  Ledger ledger;
  wire::Propose wanted = parameters("p");
  wanted.mutable_parameters()->set_attestation(2);
  ASSERT_EQ(decide(ledger, wanted, {}), ProposalStatus::executed);
  ASSERT_EQ(attest(ledger, "north", "south"), applied);
  ASSERT_EQ(attest(ledger, "south", "north"), applied);
  wire::Propose half = parameters("q");
  half.mutable_parameters()->set_threshold_numerator(1);
  half.mutable_parameters()->set_threshold_denominator(2);
  ASSERT_EQ(propose(ledger, half), applied);
  for (const char* name : {"north", "south", "insurer"}) {
    ASSERT_EQ(vote(ledger, "q", name, Ballot::yes), applied);
  }
  // A lapse can stop a vote and never decide one: the whole stays what it was.
  const Tally tally = tally_of(ledger.state(), id("q"), ledger.block_ms);
  EXPECT_EQ(tally.yes, 2U);
  EXPECT_EQ(tally.total, 3U);
  EXPECT_EQ(status_of(ledger, "q"), ProposalStatus::open);
  ASSERT_EQ(attest(ledger, "insurer", "south"), applied);
  ASSERT_EQ(vote(ledger, "q", "insurer", Ballot::yes), applied);
  EXPECT_EQ(status_of(ledger, "q"), ProposalStatus::passed);
}

TEST(Governance, AMemberTellsWhereItIsAndNothingElseChanges) {
  Ledger ledger;
  const wire::MemberRecord before = *find_member(ledger.state(), id("north"));
  wire::UpdateMember told = update("north", true, "https://north.example:7410");
  told.set_address("moved.example:26657");
  ASSERT_EQ(send(ledger, update_member_type, told, {"north"}), applied);
  wire::MemberRecord expected = before;
  expected.set_address("moved.example:26657");
  expected.set_gateway("https://north.example:7410");
  expected.set_archive(true);
  expected.set_moved_ms(ledger.block_ms);
  EXPECT_EQ(model::encode(*find_member(ledger.state(), id("north"))), model::encode(expected));
  ASSERT_EQ(ledger.events.size(), 1U);
  EXPECT_EQ(ledger.events[0].type, event::updated);
  EXPECT_TRUE(ledger.end_block().validators.empty());
  // What it tells no more is gone.
  ASSERT_EQ(update_member(ledger, "south", true), applied);
  ASSERT_EQ(send(ledger, update_member_type, update("north"), {"north"}), applied);
  expected.set_address(before.address());
  expected.clear_gateway();
  expected.clear_archive();
  EXPECT_EQ(model::encode(*find_member(ledger.state(), id("north"))), model::encode(expected));
  // Who tells another gateway did not move.
  ASSERT_EQ(send(ledger, update_member_type, update("insurer", false, "http://i:1"), {"insurer"}),
            applied);
  EXPECT_EQ(find_member(ledger.state(), id("insurer"))->moved_ms(), 0U);
}

/// Between a vote and its height the other archive gives the role up: the last one stays.
TEST(Governance, TheLastArchiveIsNotExpelledEvenByAnEarlierVote) {
  Ledger ledger;
  ASSERT_EQ(update_member(ledger, "insurer", true), applied);
  ASSERT_EQ(update_member(ledger, "south", true), applied);
  wire::Propose later = expulsion("p", "insurer");
  later.set_execute_height(ledger.height + 2);
  ASSERT_EQ(propose(ledger, later), applied);
  for (const char* name : {"north", "south", "insurer"}) {
    ASSERT_EQ(vote(ledger, "p", name, Ballot::yes), applied);
  }
  ASSERT_EQ(update_member(ledger, "south", false), applied);
  for (int i = 0; i < 3; ++i) ledger.end_block();
  EXPECT_EQ(status_of(ledger, "p"), ProposalStatus::failed);
  EXPECT_EQ(find_proposal(ledger.state(), id("p"))->failure(), no_archive_left);
  EXPECT_TRUE(is_present(*find_member(ledger.state(), id("insurer"))));
}

TEST(Governance, ANewcomersGatewayAndRoleAreThoseOfItsCard) {
  Ledger ledger;
  ASSERT_EQ(attest_newcomer(ledger, "west"), applied);
  wire::Propose joins = admission("p", "west");
  joins.mutable_admit()->set_gateway("http://west.example:7410");
  joins.mutable_admit()->set_archive(true);
  ASSERT_EQ(decide(ledger, joins, {}), ProposalStatus::executed);
  const auto west = find_member(ledger.state(), id("west"));
  ASSERT_TRUE(west);
  EXPECT_EQ(west->gateway(), "http://west.example:7410");
  EXPECT_TRUE(west->archive());
}

TEST(Governance, TellsTheEngineOfItsParameters) {
  Ledger ledger;
  EngineChanges engine;
  wire::Propose larger = parameters("p");
  larger.mutable_parameters()->set_block_bytes(8 << 20);
  ASSERT_EQ(decide(ledger, larger, {}, &engine), ProposalStatus::executed);
  EXPECT_EQ(engine.block_bytes_max, 8U << 20U);
  wire::Propose version = with_version(2);
  version.set_proposal(field("q"));
  ASSERT_EQ(decide(ledger, version, {}, &engine), ProposalStatus::executed);
  EXPECT_EQ(engine.app_version, 2U);
  EXPECT_EQ(app_version_of(ledger.state()), 2U);
}

TEST(Governance, BoundsOfEachChange) {
  const auto admitted = [](const std::function<void(wire::Propose&)>& change) {
    Ledger ledger;
    EXPECT_EQ(attest_newcomer(ledger, "west"), applied);
    wire::Propose out = admission("p", "west");
    change(out);
    return propose(ledger, out);
  };
  EXPECT_EQ(admitted([](auto& p) { p.set_title(std::string(200, 't')); }), applied);
  EXPECT_EQ(admitted([](auto& p) { p.set_title(std::string(201, 't')); }), malformed_message);
  EXPECT_EQ(admitted([](auto& p) { p.set_title(""); }), malformed_message);
  EXPECT_EQ(admitted([](auto& p) { p.set_title("two\nlines"); }), malformed_message);
  EXPECT_EQ(admitted([](auto& p) { p.mutable_admit()->set_weight(limits::member_weight_max); }),
            applied);
  EXPECT_EQ(admitted([](auto& p) { p.mutable_admit()->set_weight(limits::member_weight_max + 1); }),
            malformed_message);
  EXPECT_EQ(admitted([](auto& p) { p.mutable_admit()->set_address("no port"); }),
            malformed_message);
  EXPECT_EQ(admitted([](auto& p) { p.mutable_admit()->set_gateway("https://West.example"); }),
            malformed_message);
  EXPECT_EQ(admitted([](auto& p) { p.mutable_admit()->set_peer_key("short"); }), malformed_message);
  EXPECT_EQ(admitted([](auto& p) { p.mutable_admit()->clear_organisations(); }), malformed_message);
  EXPECT_EQ(admitted([](auto& p) { p.clear_change(); }), malformed_message);
  const auto told = [](const std::function<void(wire::UpdateMember&)>& change) {
    Ledger ledger;
    wire::UpdateMember out = update("north", true);
    change(out);
    return send(ledger, update_member_type, out, {"north"});
  };
  EXPECT_EQ(told([](auto& m) { m.set_address(""); }), malformed_message);
  EXPECT_EQ(told([](auto& m) { m.set_gateway("https://north.example/"); }), malformed_message);
  EXPECT_EQ(told([](auto& m) { m.set_member("short"); }), malformed_message);
  const auto voted = [](const std::function<void(wire::ChangeParameters&)>& change) {
    Ledger ledger;
    wire::Propose out = parameters("p");
    change(*out.mutable_parameters());
    return propose(ledger, out);
  };
  EXPECT_EQ(voted([](auto&) {}), malformed_message);
  EXPECT_EQ(voted([](auto& p) { p.set_threshold_numerator(1); }), malformed_message);
  const auto threshold = [&](std::uint32_t part, std::uint32_t of) {
    return voted([&](auto& p) {
      p.set_threshold_numerator(part);
      p.set_threshold_denominator(of);
    });
  };
  EXPECT_EQ(threshold(1, 2), applied);
  EXPECT_EQ(threshold(49, 100), malformed_message);
  EXPECT_EQ(threshold(99, 100), applied);
  EXPECT_EQ(threshold(100, 100), malformed_message);
  EXPECT_EQ(threshold(100, 101), malformed_message);
  EXPECT_EQ(voted([](auto& p) { p.set_voting_ms(limits::voting_ms_max); }), applied);
  EXPECT_EQ(voted([](auto& p) { p.set_voting_ms(limits::voting_ms_max + 1); }), malformed_message);
  EXPECT_EQ(voted([](auto& p) { p.set_quota_operations(10'000); }), applied);
  EXPECT_EQ(voted([](auto& p) { p.set_quota_operations(9'999); }), malformed_message);
  EXPECT_EQ(voted([](auto& p) { p.set_quota_bytes(16 << 20); }), applied);
  EXPECT_EQ(voted([](auto& p) { p.set_quota_bytes((16 << 20) - 1); }), malformed_message);
  EXPECT_EQ(voted([](auto& p) { p.set_block_bytes(limits::voted_block_bytes_max); }), applied);
  EXPECT_EQ(voted([](auto& p) { p.set_block_bytes(limits::voted_block_bytes_max + 1); }),
            malformed_message);
}

}  // namespace
}  // namespace xl::contracts::governance
