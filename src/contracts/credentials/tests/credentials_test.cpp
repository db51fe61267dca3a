// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: only regulators accredit, only an issuer changes its lists, revocations are final, and what
// held at a time can be told for ever. Method: a table that reaches each status on a fresh ledger,
// bounds, a model of random changes, and forged states that the invariants refuse.
#include <gtest/gtest.h>

#include <random>

#include "contracts/api/shape.h"
#include "contracts/credentials/events.h"
#include "contracts/credentials/invariants.h"
#include "contracts/credentials/messages.pb.h"
#include "contracts/credentials/records.h"
#include "contracts/credentials/status.h"
#include "contracts/credentials/view.h"
#include "contracts/identity/view.h"
#include "contracts/tests/fixture.h"
#include "contracts/tests/seed.h"

namespace xl::contracts::credentials {
namespace {

namespace wire = xinglin::credentials::v1;
using testing::day_ms;
using testing::field;
using testing::id;
using testing::Ledger;
using testing::Signers;

constexpr std::uint32_t licence = static_cast<std::uint32_t>(CredentialType::licence);

/// Makes an organisation another kind of one, as its genesis would have.
void make(Ledger& ledger, const std::string& name, identity::OrganisationType type) {
  auto party = *identity::find_party(ledger.state(), id(name));
  party.set_organisation_type(static_cast<std::uint32_t>(type));
  store_record(ledger.writable(), state_key(1, 'p', id(name).bytes), party);
}

/// "insurer" stays one in name only: south is the regulator. North has the lists "revoked" and
/// "paused".
StatusCode open_list(Ledger& ledger, const std::string& list, StatusPurpose purpose,
                     const Signers& signers = {"north"},
                     std::uint32_t entries = limits::status_entries_min) {
  wire::RegisterList out;
  out.set_issuer(field("north"));
  out.set_list(field(list));
  out.set_purpose(static_cast<std::uint32_t>(purpose));
  out.set_entries(entries);
  return ledger.send(contract_number, register_list_type, out, signers);
}

Ledger start() {
  Ledger ledger;
  make(ledger, "south", identity::OrganisationType::regulator);
  make(ledger, "insurer", identity::OrganisationType::insurer);
  EXPECT_EQ(open_list(ledger, "revoked", StatusPurpose::revocation), applied);
  EXPECT_EQ(open_list(ledger, "paused", StatusPurpose::suspension), applied);
  return ledger;
}

StatusCode accredit(Ledger& ledger, std::uint64_t for_ms = 100 * day_ms,
                    const Signers& signers = {"south"}, const std::string& regulator = "south",
                    const std::string& organisation = "north", std::uint32_t type = licence) {
  wire::Accredit out;
  out.set_regulator(field(regulator));
  out.set_organisation(field(organisation));
  out.set_type(type);
  out.set_valid_to_ms(ledger.block_ms + for_ms);
  return ledger.send(contract_number, accredit_type, out, signers);
}

StatusCode end_accreditation(Ledger& ledger, const Signers& signers = {"south"}) {
  wire::EndAccreditation out;
  out.set_regulator(field("south"));
  out.set_organisation(field("north"));
  out.set_type(licence);
  return ledger.send(contract_number, end_accreditation_type, out, signers);
}

StatusCode change(Ledger& ledger, const std::string& list,
                  const std::vector<std::uint32_t>& indexes, bool set,
                  const Signers& signers = {"north"}) {
  wire::ChangeStatus out;
  out.set_list(field(list));
  for (const std::uint32_t index : indexes) out.add_indexes(index);
  out.set_set(set);
  return ledger.send(contract_number, change_status_type, out, signers);
}

StatusCode flip_often(Ledger& ledger, std::uint32_t times) {
  StatusCode last = applied;
  for (std::uint32_t i = 0; i < times && last == applied; ++i) {
    ledger.block_ms += 1;
    last = change(ledger, "paused", {7}, i % 2 == 0);
  }
  return last;
}

StatusCode by_session(Ledger& ledger) {
  EXPECT_EQ(ledger.attest("li", "north", {identity::Role::physician}), applied);
  EXPECT_EQ(ledger.delegate("li", "session of li", "north", {identity::Role::physician},
                            {std::uint32_t{contract_number} << 16 | change_status_type}),
            applied);
  return change(ledger, "revoked", {1}, true, {"session of li"});
}

std::vector<testing::StatusCase> accreditation_cases() {
  return {
      {"accredited", applied, [](Ledger& l) { return accredit(l); }},
      {"nobody", organisation_unknown,
       [](Ledger& l) { return accredit(l, day_ms, {"south"}, "south", "nobody"); }},
      {"no such regulator", organisation_unknown,
       [](Ledger& l) { return accredit(l, day_ms, {"south"}, "nobody"); }},
      {"a hospital", not_regulator,
       [](Ledger& l) { return accredit(l, day_ms, {"north"}, "north", "insurer"); }},
      {"signed by the accredited", organisation_missing,
       [](Ledger& l) { return accredit(l, day_ms, {"north"}); }},
      {"by a key that does not manage", purpose_missing,
       [](Ledger& l) {
         EXPECT_EQ(l.add_key("south", "clerk", purpose_sign, "south"), applied);
         return accredit(l, day_ms, {"clerk"});
       }},
      {"over already", period_refused, [](Ledger& l) { return accredit(l, 0); }},
      {"the longest", applied, [](Ledger& l) { return accredit(l, limits::accreditation_ms_max); }},
      {"longer", period_refused,
       [](Ledger& l) { return accredit(l, limits::accreditation_ms_max + 1); }},
      {"nothing to end", accreditation_unknown, [](Ledger& l) { return end_accreditation(l); }},
      {"ended by another", organisation_missing,
       [](Ledger& l) {
         EXPECT_EQ(accredit(l), applied);
         return end_accreditation(l, {"north"});
       }},
      {"ended twice", accreditation_unknown,
       [](Ledger& l) {
         EXPECT_EQ(accredit(l), applied);
         l.block_ms += 1;
         EXPECT_EQ(end_accreditation(l), applied);
         return end_accreditation(l);
       }},
      {"too many periods", periods_exceeded,
       [](Ledger& l) {
         for (std::uint32_t i = 0; i < limits::accreditation_periods_max; ++i) {
           EXPECT_EQ(accredit(l), applied);
           l.block_ms += 1;
         }
         return accredit(l);
       }},
  };
}

std::vector<testing::StatusCase> list_cases() {
  return {
      {"twice the same", list_exists,
       [](Ledger& l) { return open_list(l, "revoked", StatusPurpose::revocation); }},
      {"another's", organisation_missing,
       [](Ledger& l) { return open_list(l, "x", StatusPurpose::revocation, {"south"}); }},
      {"the last list", lists_exceeded,
       [](Ledger& l) {
         for (std::uint32_t i = 2; i < limits::status_lists_max; ++i) {
           EXPECT_EQ(open_list(l, "l" + std::to_string(i), StatusPurpose::revocation), applied);
         }
         return open_list(l, "one more", StatusPurpose::revocation);
       }},
      {"revoked", applied,
       [](Ledger& l) {
         return change(l, "revoked", {0, 131071}, true);
       }},
      {"beyond", index_beyond, [](Ledger& l) { return change(l, "revoked", {131072}, true); }},
      {"no list", list_unknown, [](Ledger& l) { return change(l, "none", {1}, true); }},
      {"another's list", organisation_missing,
       [](Ledger& l) { return change(l, "revoked", {1}, true, {"south"}); }},
      {"a practitioner by delegation", organisation_missing, by_session},
      {"cleared", revocation_final,
       [](Ledger& l) {
         EXPECT_EQ(change(l, "revoked", {1}, true), applied);
         return change(l, "revoked", {1}, false);
       }},
      {"twice", status_unchanged,
       [](Ledger& l) {
         EXPECT_EQ(change(l, "revoked", {1}, true), applied);
         return change(l, "revoked", {1, 2}, true);
       }},
      {"restored", applied,
       [](Ledger& l) {
         EXPECT_EQ(change(l, "paused", {1}, true), applied);
         return change(l, "paused", {1}, false);
       }},
      {"never suspended", status_unchanged,
       [](Ledger& l) { return change(l, "paused", {1}, false); }},
      {"as often as may be", applied,
       [](Ledger& l) { return flip_often(l, limits::entry_changes_max); }},
      {"once more", changes_exceeded,
       [](Ledger& l) { return flip_often(l, limits::entry_changes_max + 1); }},
  };
}

std::vector<testing::StatusCase> bound_cases() {
  return {
      {"too many at once", testing::malformed_message,
       [](Ledger& l) {
         std::vector<std::uint32_t> many(limits::status_indexes_max + 1);
         for (std::uint32_t i = 0; i < many.size(); ++i) many[i] = i;
         return change(l, "revoked", many, true);
       }},
      {"as many as may be", applied,
       [](Ledger& l) {
         std::vector<std::uint32_t> many(limits::status_indexes_max);
         for (std::uint32_t i = 0; i < many.size(); ++i) many[i] = i * 4096;
         return change(l, "revoked", many, true);
       }},
      {"out of order", testing::malformed_message,
       [](Ledger& l) {
         return change(l, "revoked", {2, 1}, true);
       }},
      {"none", testing::malformed_message,
       [](Ledger& l) { return change(l, "revoked", {}, true); }},
      {"too short a list", testing::malformed_message,
       [](Ledger& l) {
         return open_list(l, "x", StatusPurpose::revocation, {"north"},
                          limits::status_entries_min - chunk_entries);
       }},
      {"the longest list", applied,
       [](Ledger& l) {
         return open_list(l, "x", StatusPurpose::revocation, {"north"}, limits::status_entries_max);
       }},
      {"too long a list", testing::malformed_message,
       [](Ledger& l) {
         return open_list(l, "x", StatusPurpose::revocation, {"north"},
                          limits::status_entries_max + chunk_entries);
       }},
  };
}

TEST(CredentialsContract, EveryStatusIsReached) {
  std::vector<testing::StatusCase> cases = accreditation_cases();
  for (testing::StatusCase& one : list_cases()) cases.push_back(std::move(one));
  for (testing::StatusCase& one : bound_cases()) cases.push_back(std::move(one));
  // A session key of the organisation itself cannot be had: only people delegate.
  cases.push_back(
      {"a delegated key", delegation_refused, [](Ledger& l) {
         const Caller caller{{},           crypto::Algorithm::ed25519,
                             id("north"),  PartyKind::organisation,
                             purpose_sign, true,
                             id("north")};
         wire::ChangeStatus out;
         out.set_list(field("revoked"));
         out.add_indexes(1);
         out.set_set(true);
         const auto command =
             l.registry().find(contract_number)->check(change_status_type, model::encode(out));
         const Context context{l.height, l.block_ms, l.network, {}, {&caller, 1}};
         return (*command)->authorize(context, l.state());
       }});
  testing::expect_statuses(start(), contract_number, cases);
  const Registry registry = make_registry();
  testing::expect_sound_statuses(*registry.find(contract_number));
}

TEST(CredentialsContract, WhoMayIssueFollowsNatureAndAccreditationAtTheTime) {
  Ledger ledger = start();
  const auto may = [&](const std::string& who, CredentialType type, std::uint64_t at_ms) {
    return may_issue(ledger.state(), id(who), type, at_ms);
  };
  const std::uint64_t before_ms = ledger.block_ms;
  EXPECT_TRUE(may("north", CredentialType::role, before_ms));
  EXPECT_TRUE(may("insurer", CredentialType::coverage, before_ms));
  EXPECT_TRUE(may("south", CredentialType::licence, before_ms));
  EXPECT_TRUE(may("south", CredentialType::trading_partner, before_ms));
  EXPECT_FALSE(may("north", CredentialType::coverage, before_ms));
  EXPECT_FALSE(may("north", CredentialType::licence, before_ms));
  EXPECT_FALSE(may("nobody", CredentialType::role, before_ms));
  ledger.block_ms += day_ms;
  const std::uint64_t given_ms = ledger.block_ms;
  ASSERT_EQ(accredit(ledger, 10 * day_ms), applied);
  EXPECT_EQ(ledger.events.at(0).type, event::accredited);
  EXPECT_FALSE(may("north", CredentialType::licence, given_ms - 1));
  EXPECT_TRUE(may("north", CredentialType::licence, given_ms));
  EXPECT_TRUE(may("north", CredentialType::licence, given_ms + 10 * day_ms - 1));
  EXPECT_FALSE(may("north", CredentialType::licence, given_ms + 10 * day_ms));
  EXPECT_FALSE(may("north", CredentialType::trading_partner, given_ms));
  ledger.block_ms += day_ms;
  ASSERT_EQ(end_accreditation(ledger), applied);
  EXPECT_TRUE(may("north", CredentialType::licence, given_ms));  // what was signed then counts
  EXPECT_FALSE(may("north", CredentialType::licence, ledger.block_ms));
  ledger.block_ms += day_ms;
  ASSERT_EQ(accredit(ledger), applied);
  EXPECT_FALSE(may("north", CredentialType::licence, ledger.block_ms - 1));
  EXPECT_TRUE(may("north", CredentialType::licence, ledger.block_ms));
}

TEST(CredentialsContract, RandomChangesAgreeWithAModelAtEveryTime) {
  Ledger ledger = start();
  std::mt19937_64 random(testing::seed(20261123));
  struct Step {
    std::uint64_t at_ms;
    std::uint32_t index;
    bool set;
  };
  std::vector<Step> story;
  std::map<std::uint32_t, bool> now;
  const std::vector<std::uint32_t> some{0, 1, 7, 8, 8191, 8192, 65536, 131071};
  for (int i = 0; i < 200; ++i) {
    ledger.block_ms += random() % 3;  // several in one block too
    const std::uint32_t index = some[random() % some.size()];
    const bool set = random() % 2 == 0;
    const StatusCode status = change(ledger, "paused", {index}, set);
    EXPECT_EQ(status, now[index] == set ? status_unchanged : applied);
    if (status != applied) continue;
    now[index] = set;
    story.push_back({ledger.block_ms, index, set});
  }
  const std::uint64_t first_ms = story.front().at_ms;
  for (std::uint64_t at_ms = first_ms - 1; at_ms <= ledger.block_ms; ++at_ms) {
    std::map<std::uint32_t, bool> then;
    for (const Step& step : story) {
      if (step.at_ms <= at_ms) then[step.index] = step.set;
    }
    for (const std::uint32_t index : some) {
      EXPECT_EQ(status_at(ledger.state(), id("paused"), index, at_ms),
                then[index] ? BitStatus::set : BitStatus::clear)
          << index << " at " << at_ms;
    }
  }
  const Bytes bits = bits_of(ledger.state(), id("paused"));
  ASSERT_EQ(bits.size(), limits::status_entries_min / 8);
  for (const std::uint32_t index : some) {
    EXPECT_EQ((bits[index / 8] & (0x80U >> (index % 8))) != 0, now[index]) << index;
  }
  EXPECT_EQ(status_at(ledger.state(), id("none"), 0, ledger.block_ms), BitStatus::unknown);
  EXPECT_EQ(status_at(ledger.state(), id("paused"), 131072, ledger.block_ms), BitStatus::unknown);
  EXPECT_EQ(status_at(ledger.state(), id("paused"), 0, 1), BitStatus::unknown);
  EXPECT_EQ(lists_of(ledger.state(), id("north")).size(), 2U);
}

/// The contract's answer to a change behind its back.
bool holds(const Ledger& ledger, const Bytes& key, const google::protobuf::Message* record) {
  model::Overlay changes(ledger.state());
  if (record != nullptr) {
    store_record(changes, key, *record);
  } else {
    changes.erase(key);
  }
  return ledger.registry()
      .find(contract_number)
      ->invariants(changes.writes(), ledger.state(), changes);
}

TEST(CredentialsContract, InvariantsRefuseForgedStates) {
  Ledger ledger = start();
  ASSERT_EQ(change(ledger, "revoked", {5}, true), applied);
  ASSERT_EQ(accredit(ledger), applied);
  const model::Id list = id("revoked");
  wire::StatusList record = *find_list(ledger.state(), list);
  EXPECT_TRUE(holds(ledger, list_key(list), &record));
  record.set_issuer(field("south"));
  EXPECT_FALSE(holds(ledger, list_key(list), &record));
  record = *find_list(ledger.state(), list);
  record.set_purpose(2);
  EXPECT_FALSE(holds(ledger, list_key(list), &record));
  EXPECT_FALSE(holds(ledger, list_key(list), nullptr));
  wire::StatusEntry entry;
  ASSERT_TRUE(load_record(ledger.state(), entry_key(list, 5), entry));
  entry.add_changes_ms(ledger.block_ms);  // a revocation taken back
  EXPECT_FALSE(holds(ledger, entry_key(list, 5), &entry));
  EXPECT_FALSE(holds(ledger, entry_key(list, 5), nullptr));
  wire::StatusEntry other;
  other.add_changes_ms(1);
  EXPECT_FALSE(holds(ledger, entry_key(list, 6), &other));  // its bit is clear
  wire::StatusChunk chunk;
  ASSERT_TRUE(load_record(ledger.state(), chunk_key(list, 0), chunk));
  EXPECT_TRUE(holds(ledger, chunk_key(list, 0), &chunk));
  (*chunk.mutable_bits())[0] = '\0';
  EXPECT_FALSE(holds(ledger, chunk_key(list, 0), &chunk));
  auto said =
      *find_accreditation(ledger.state(), id("north"), CredentialType::licence, id("south"));
  said.mutable_periods(0)->set_until_ms(ledger.block_ms + 5000 * day_ms);
  const Bytes key = accreditation_key(id("north"), licence, id("south"));
  EXPECT_FALSE(holds(ledger, key, &said));
  EXPECT_FALSE(holds(ledger, state_key(contract_number, 'x', list.bytes), &entry));
}

}  // namespace
}  // namespace xl::contracts::credentials
