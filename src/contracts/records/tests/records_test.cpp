// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: only the custodian writes about a record, versions never skip, and what is withdrawn or
// erased stays so. Method: a table that reaches each status on a fresh ledger, then batches, bounds
// and attacks.
#include "contracts/records/records.h"

#include <gtest/gtest.h>

#include "contracts/records/messages.pb.h"
#include "contracts/records/status.h"
#include "contracts/records/view.h"
#include "contracts/tests/fixture.h"

namespace xl::contracts::records {
namespace {

namespace wire = xinglin::records::v1;
using testing::digest;
using testing::field;
using testing::id;
using testing::Ledger;
using testing::Signers;

/// "ann" is an unclaimed patient of north, "bob" a claimed one.
Ledger start() {
  Ledger ledger;
  EXPECT_EQ(ledger.register_patient("ann", "north"), applied);
  EXPECT_EQ(ledger.claimed_patient("bob", "north"), applied);
  return ledger;
}

StatusCode send(Ledger& ledger, std::uint16_t type, const google::protobuf::Message& message,
                const Signers& signers) {
  return ledger.send(contract_number, type, message, signers);
}

StatusCode anchor(Ledger& ledger, const std::string& record, std::uint32_t version,
                  const Signers& signers = {"north"}, const std::string& patient = "ann") {
  wire::Anchor out;
  out.set_record(field(record));
  out.set_patient(field(patient));
  out.set_version(version);
  out.set_commitment(digest(record + std::to_string(version)));
  out.set_ciphertext_digest(digest("body"));
  return send(ledger, anchor_type, out, signers);
}

void add_version(wire::AnchorBatch& batch, const std::string& record, std::uint32_t version) {
  auto* added = batch.add_versions();
  added->set_record(field(record));
  added->set_version(version);
  added->set_commitment(digest(record + std::to_string(version)));
  added->set_ciphertext_digest(digest("body"));
}

wire::AnchorBatch batch_of(std::uint32_t count) {
  wire::AnchorBatch out;
  out.set_patient(field("ann"));
  for (std::uint32_t i = 0; i < count; ++i) add_version(out, "r" + std::to_string(i), 1);
  return out;
}

StatusCode withdraw(Ledger& ledger, const std::string& record, const std::string& signer) {
  wire::EnterInError out;
  out.set_record(field(record));
  out.set_reason(digest("wrong patient"));
  return send(ledger, enter_in_error_type, out, {signer});
}

StatusCode erase(Ledger& ledger, const std::string& record, bool last,
                 const std::string& signer = "north") {
  wire::RecordErasure out;
  out.set_record(field(record));
  out.set_certificate(digest(last ? "final certificate" : "certificate"));
  out.set_final(last);
  return send(ledger, record_erasure_type, out, {signer});
}

const std::vector<testing::StatusCase>& record_cases() {
  static const std::vector<testing::StatusCase> cases = {
      {"nobody's record", patient_unknown,
       [](Ledger& l) { return anchor(l, "r1", 1, {"north"}, "nobody"); }},
      {"another hospital", not_custodian, [](Ledger& l) { return anchor(l, "r1", 1, {"south"}); }},
      {"a version that skips one", version_conflict, [](Ledger& l) { return anchor(l, "r1", 2); }},
      {"a record of someone else", patient_differs,
       [](Ledger& l) {
         EXPECT_EQ(anchor(l, "r1", 1), applied);
         return anchor(l, "r1", 2, {"north"}, "bob");
       }},
      {"a version of what was withdrawn", record_withdrawn,
       [](Ledger& l) {
         EXPECT_EQ(anchor(l, "r1", 1), applied);
         EXPECT_EQ(withdraw(l, "r1", "north"), applied);
         return anchor(l, "r1", 2);
       }},
      {"withdrawing nothing", record_unknown, [](Ledger& l) { return withdraw(l, "r1", "north"); }},
      {"a version of what was erased", record_erased,
       [](Ledger& l) {
         EXPECT_EQ(anchor(l, "r1", 1), applied);
         EXPECT_EQ(erase(l, "r1", false), applied);
         return anchor(l, "r1", 2);
       }},
      {"final before pending", erasure_not_pending,
       [](Ledger& l) {
         EXPECT_EQ(anchor(l, "r1", 1), applied);
         return erase(l, "r1", true);
       }},
      {"final while backups exist", erasure_too_early,
       [](Ledger& l) {
         EXPECT_EQ(anchor(l, "r1", 1), applied);
         EXPECT_EQ(erase(l, "r1", false), applied);
         l.block_ms += limits::erasure_backup_ms - 1;
         return erase(l, "r1", true);
       }},
      {"erasing what is gone", erasure_final,
       [](Ledger& l) {
         EXPECT_EQ(anchor(l, "r1", 1), applied);
         EXPECT_EQ(erase(l, "r1", false), applied);
         l.block_ms += limits::erasure_backup_ms;
         EXPECT_EQ(erase(l, "r1", true), applied);
         return erase(l, "r1", true);
       }},
      {"a deactivated patient", patient_deactivated,
       [](Ledger& l) {
         xinglin::identity::v1::Deactivate out;
         out.set_party(field("ann"));
         EXPECT_EQ(l.send(identity::contract_number, identity::deactivate_type, out, {"north"}),
                   applied);
         return anchor(l, "r1", 1);
       }},
  };
  return cases;
}

TEST(RecordsTable, ReachesEveryStatus) {
  testing::expect_statuses(start(), contract_number, record_cases());
}

TEST(RecordsTable, IsSound) {
  testing::expect_sound_statuses(*Ledger().registry().find(contract_number));
}

TEST(Anchor, IsTheCustodiansOrItsServices) {
  Ledger ledger = start();
  EXPECT_EQ(anchor(ledger, "r1", 1, {"bob"}, "bob"), not_custodian);  // not even the patient
  xinglin::identity::v1::RegisterService out;
  out.set_organisation(field("north"));
  out.set_service(field("feed"));
  out.set_name("feed");
  *out.add_keys() = ledger.new_key("feed", id("feed"), purpose_sign);
  EXPECT_EQ(ledger.send(identity::contract_number, identity::register_service_type, out, {"north"}),
            applied);
  EXPECT_EQ(anchor(ledger, "r1", 1, {"feed"}), applied);
  EXPECT_EQ(anchor(ledger, "r1", 1, {"feed"}), version_conflict);  // said twice
  EXPECT_EQ(ledger.revoke_key("feed", "feed", "north"), applied);
  EXPECT_EQ(anchor(ledger, "r1", 2, {"feed"}), testing::inactive_key);
  EXPECT_EQ(anchor(ledger, "r1", 2), applied);
  EXPECT_EQ(find_record(ledger.state(), id("r1"))->versions(), 2U);
  EXPECT_EQ(find_version(ledger.state(), id("r1"), 1)->commitment(), digest("r11"));
  EXPECT_FALSE(find_version(ledger.state(), id("r1"), 3).has_value());
}

TEST(Batch, IsAllOrNoneWithinBounds) {
  Ledger ledger = start();
  EXPECT_EQ(send(ledger, anchor_batch_type, batch_of(0), {"north"}), testing::malformed_message);
  EXPECT_EQ(send(ledger, anchor_batch_type, batch_of(limits::anchors_max + 1), {"north"}),
            testing::malformed_message);
  EXPECT_EQ(send(ledger, anchor_batch_type, batch_of(limits::anchors_max), {"south"}),
            not_custodian);
  wire::AnchorBatch broken = batch_of(limits::anchors_max);
  broken.mutable_versions(99)->set_version(2);
  EXPECT_EQ(send(ledger, anchor_batch_type, broken, {"north"}), version_conflict);
  EXPECT_FALSE(find_record(ledger.state(), id("r0")).has_value());
  const wire::AnchorBatch whole = batch_of(limits::anchors_max);
  EXPECT_LE(whole.ByteSizeLong(), limits::payload_bytes_max);
  EXPECT_EQ(send(ledger, anchor_batch_type, whole, {"north"}), applied);
  ASSERT_EQ(ledger.events.size(), 1U);
  EXPECT_EQ(ledger.events[0].attributes.size(), limits::event_attributes_max);
  EXPECT_EQ(ledger.events[0].attributes[2].value.size(), limits::event_value_bytes_max);
  EXPECT_TRUE(find_record(ledger.state(), id("r99")).has_value());
}

TEST(Batch, AnchorsSeveralVersionsOfOneRecord) {
  Ledger ledger = start();
  wire::AnchorBatch out;
  out.set_patient(field("ann"));
  for (const std::uint32_t version : {1U, 2U, 3U}) add_version(out, "r1", version);
  EXPECT_EQ(send(ledger, anchor_batch_type, out, {"north"}), applied);
  EXPECT_EQ(find_record(ledger.state(), id("r1"))->versions(), 3U);
  wire::AnchorBatch twice;
  twice.set_patient(field("ann"));
  add_version(twice, "r1", 4);
  add_version(twice, "r1", 4);
  EXPECT_EQ(send(ledger, anchor_batch_type, twice, {"north"}), version_conflict);
}

TEST(Erasure, GoesFromPendingToFinal) {
  Ledger ledger = start();
  EXPECT_EQ(anchor(ledger, "r1", 1), applied);
  EXPECT_EQ(erase(ledger, "r1", false, "south"), not_custodian);
  EXPECT_EQ(withdraw(ledger, "r1", "south"), not_custodian);
  EXPECT_EQ(erase(ledger, "r1", false), applied);
  EXPECT_EQ(erase(ledger, "r1", false), record_erased);
  ledger.block_ms += limits::erasure_backup_ms;
  EXPECT_EQ(erase(ledger, "r1", true), applied);
  const auto head = find_record(ledger.state(), id("r1"));
  EXPECT_EQ(head->certificate(), digest("certificate"));
  EXPECT_EQ(head->final_certificate(), digest("final certificate"));
  EXPECT_TRUE(find_version(ledger.state(), id("r1"), 1).has_value());  // the proof stays
}

TEST(Records, RefusesMalformedMessages) {
  Ledger ledger = start();
  const Contract* contract = ledger.registry().find(contract_number);
  for (std::uint16_t type = 1; type <= record_erasure_type; ++type) {
    EXPECT_EQ(contract->check(type, {}).error().code, ErrorCode::message_malformed) << type;
  }
  EXPECT_EQ(contract->check(record_erasure_type + 1, {}).error().code, ErrorCode::contract_unknown);
  EXPECT_EQ(anchor(ledger, "r1", 0), testing::malformed_message);
}

}  // namespace
}  // namespace xl::contracts::records
