// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: invariants say no to every change that no message may make. Method: a ledger with one thing
// of each kind, a forged change behind the contracts' backs, and the contract's own answer.
#include <gtest/gtest.h>

#include "contracts/access/messages.pb.h"
#include "contracts/access/records.h"
#include "contracts/access/view.h"
#include "contracts/consent/messages.pb.h"
#include "contracts/consent/records.h"
#include "contracts/consent/view.h"
#include "contracts/identity/keys.h"
#include "contracts/records/messages.pb.h"
#include "contracts/records/records.h"
#include "contracts/records/view.h"
#include "contracts/tests/fixture.h"

namespace xl::contracts {
namespace {

using testing::digest;
using testing::field;
using testing::id;
using testing::key;
using testing::Ledger;

/// "ann" of north with a second key that was revoked, record "r1", consent "c1", session "s1".
Ledger filled() {
  Ledger ledger;
  EXPECT_EQ(ledger.claimed_patient("ann", "north"), applied);
  EXPECT_EQ(ledger.add_key("ann", "old", purpose_sign, "ann"), applied);
  EXPECT_EQ(ledger.revoke_key("ann", "old", "ann"), applied);
  xinglin::records::v1::Anchor anchor;
  anchor.set_record(field("r1"));
  anchor.set_patient(field("ann"));
  anchor.set_version(1);
  anchor.set_commitment(digest("content"));
  anchor.set_ciphertext_digest(digest("body"));
  EXPECT_EQ(ledger.send(records::contract_number, records::anchor_type, anchor, {"north"}),
            applied);
  xinglin::consent::v1::Grant grant;
  grant.set_consent(field("c1"));
  grant.set_patient(field("ann"));
  grant.set_commitment(digest("policy"));
  EXPECT_EQ(ledger.send(consent::contract_number, consent::grant_type, grant, {"ann"}), applied);
  xinglin::access::v1::OpenSession open;
  open.set_session(field("s1"));
  open.set_requester(field("south"));
  open.set_patient(field("ann"));
  open.add_consents(field("c1"));
  open.set_decision(digest("decision"));
  open.set_ends_ms(ledger.block_ms + limits::session_ms_max);
  EXPECT_EQ(
      ledger.send(access::contract_number, access::open_session_type, open, {"south", "north"}),
      applied);
  return ledger;
}

/// What the contract says of a forged change.
template <typename Forge>
bool holds(std::uint8_t contract, Forge forge) {
  const Ledger ledger = filled();
  model::Overlay forged(ledger.state());
  forge(ledger.state(), forged);
  return ledger.registry().find(contract)->invariants(forged.writes(), ledger.state(), forged);
}

using Reader = const model::StateReader&;
using Writer = model::StateWriter&;

TEST(Invariants, OfIdentity) {
  namespace of = identity;
  const auto forged = [](auto forge) { return holds(of::contract_number, forge); };
  const auto altered_key = [&](const char* name, auto alter) {
    return forged([&](Reader state, Writer out) {
      auto record = *of::find_key(state, key(name).id);
      alter(record);
      store_record(out, of::key_key(key(name).id), record);
    });
  };
  const auto altered_party = [&](auto alter) {
    return forged([&](Reader state, Writer out) {
      auto record = *of::find_party(state, id("ann"));
      alter(record);
      store_record(out, of::party_key(id("ann")), record);
    });
  };
  EXPECT_TRUE(altered_party([](auto&) {}));
  EXPECT_FALSE(altered_key("old", [](auto& k) { k.set_revoked_at_ms(0); }));
  EXPECT_FALSE(altered_key("old", [](auto& k) { k.set_purposes(3); }));
  EXPECT_FALSE(altered_key("ann", [](auto& k) { k.set_controller(field("north")); }));
  EXPECT_FALSE(altered_key("ann", [](auto& k) { k.set_not_after_ms(9); }));
  EXPECT_FALSE(altered_key("ann", [](auto& k) { k.set_public_key(std::string(32, 'x')); }));
  EXPECT_FALSE(altered_party([](auto& p) { p.set_kind(1); }));
  EXPECT_FALSE(altered_party([](auto& p) { p.set_custodian(field("south")); }));
  EXPECT_FALSE(altered_party([](auto& p) { p.set_status(1); }));
  EXPECT_FALSE(altered_party([](auto& p) { p.set_status(2); }));  // with live keys
  EXPECT_FALSE(forged([](Reader, Writer out) { out.erase(of::party_key(id("ann"))); }));
  EXPECT_FALSE(forged([](Reader, Writer out) { out.erase(of::key_key(key("ann").id)); }));
  EXPECT_FALSE(forged([&](Reader state, Writer out) {  // the last manager, behind all messages
    static_cast<void>(state);
    of::end_key(out, key("ann").id, 5);
  }));
  EXPECT_FALSE(forged([](Reader, Writer out) {  // an entry for a revoked key
    out.put(of::key_index_key(id("ann"), key("old").id), of::index_value);
  }));
  EXPECT_FALSE(forged([](Reader, Writer out) {
    out.put(state_key(of::contract_number, 'z', id("ann").bytes), of::index_value);
  }));
}

TEST(Invariants, OfRecords) {
  namespace of = records;
  const auto forged = [](auto forge) { return holds(of::contract_number, forge); };
  const auto altered = [&](auto alter) {
    return forged([&](Reader state, Writer out) {
      auto head = *of::find_record(state, id("r1"));
      alter(head);
      store_record(out, of::head_key(id("r1").view()), head);
    });
  };
  EXPECT_TRUE(altered([](auto&) {}));
  EXPECT_FALSE(altered([](auto& h) { h.set_patient(field("bob")); }));
  EXPECT_FALSE(altered([](auto& h) { h.set_custodian(field("south")); }));
  EXPECT_FALSE(altered([](auto& h) { h.set_versions(2); }));  // a version that is not there
  EXPECT_FALSE(altered([](auto& h) { h.set_versions(0); }));
  EXPECT_FALSE(altered([](auto& h) { h.set_erasure(2); }));  // without certificates
  EXPECT_FALSE(forged([](Reader state, Writer out) {
    store_record(out, of::version_key(id("r1").view(), 1), *of::find_version(state, id("r1"), 1));
  }));
  EXPECT_FALSE(forged([](Reader, Writer out) { out.erase(of::head_key(id("r1").view())); }));
}

TEST(Invariants, OfConsent) {
  namespace of = consent;
  const auto forged = [](auto forge) { return holds(of::contract_number, forge); };
  const auto altered = [&](auto alter, bool unlist) {
    return forged([&](Reader state, Writer out) {
      auto record = *of::find_consent(state, id("c1"));
      alter(record);
      store_record(out, of::consent_key(id("c1")), record);
      if (unlist) out.erase(of::patient_index_key(id("ann"), id("c1")));
    });
  };
  EXPECT_TRUE(altered([](auto& c) { c.set_status(3); }, true));
  EXPECT_FALSE(altered([](auto& c) { c.set_status(3); }, false));  // still listed
  EXPECT_FALSE(altered([](auto& c) { c.set_status(2); }, true));   // by nothing
  EXPECT_FALSE(altered([](auto& c) { c.set_end_ms(UINT64_MAX); }, false));
  EXPECT_FALSE(altered(
      [](auto& c) {
        c.set_status(3);
        c.set_commitment(digest("other"));
      },
      true));
  EXPECT_FALSE(forged([](Reader, Writer out) { out.erase(of::consent_key(id("c1"))); }));
  EXPECT_FALSE(forged([](Reader, Writer out) {
    out.put(of::patient_index_key(id("bob"), id("c1")), of::index_value);
  }));
}

TEST(Invariants, OfAccess) {
  namespace of = access;
  const auto forged = [](auto forge) { return holds(of::contract_number, forge); };
  const auto altered = [&](auto alter) {
    return forged([&](Reader state, Writer out) {
      auto record = *of::find_session(state, id("s1"));
      alter(record);
      store_record(out, of::session_key(id("s1")), record);
    });
  };
  EXPECT_TRUE(altered([](auto&) {}));
  EXPECT_FALSE(altered([](auto& s) { s.set_ends_ms(s.ends_ms() + 1); }));
  EXPECT_FALSE(altered([](auto& s) { s.set_patient(field("bob")); }));
  EXPECT_FALSE(altered([](auto& s) { s.clear_consents(); }));
  EXPECT_FALSE(altered([](auto& s) { s.set_sealed_ms(7); }));  // still listed as unsealed
  EXPECT_FALSE(altered([](auto& s) { s.set_ended_ms(7); }));   // listed under another time
  EXPECT_FALSE(forged([](Reader, Writer out) { out.erase(of::session_key(id("s1"))); }));
  EXPECT_FALSE(forged([](Reader, Writer out) {
    xinglin::access::v1::EmergencyRecord record;
    record.set_practitioner(field("fay"));
    record.set_organisation(field("south"));
    record.set_ends_ms(limits::emergency_ms + 1);
    store_record(out, of::emergency_key(id("e1")), record);
    out.put(of::unreviewed_key(id("south"), 0, id("e1")), of::index_value);
  }));
}

}  // namespace
}  // namespace xl::contracts
