// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: execution shows each contract the changes of one transaction, within the limit on its
// writes. Method: real transactions and envelopes on the ledger that contracts are tested with.
#include "execution/executor.h"

#include <gtest/gtest.h>

#include "contracts/governance/records.h"
#include "contracts/governance/tests/votes.h"
#include "contracts/governance/view.h"
#include "contracts/records/messages.pb.h"
#include "contracts/records/records.h"
#include "contracts/records/view.h"
#include "contracts/tests/fixture.h"
#include "verification/quota.h"

namespace xl::execution {
namespace {

namespace records = contracts::records;
using contracts::testing::digest;
using contracts::testing::field;
using contracts::testing::id;
using contracts::testing::key;
using contracts::testing::Ledger;

/// `count` new records of ann, numbered from `first`.
model::Message batch(std::uint32_t first, std::uint32_t count) {
  xinglin::records::v1::AnchorBatch out;
  out.set_patient(field("ann"));
  for (std::uint32_t i = first; i < first + count; ++i) {
    auto* added = out.add_versions();
    added->set_record(field("r" + std::to_string(i)));
    added->set_version(1);
    added->set_commitment(digest("content"));
    added->set_ciphertext_digest(digest("body"));
  }
  return {records::contract_number, records::anchor_batch_type, model::encode(out)};
}

Bytes transaction(const Ledger& ledger, std::uint8_t nonce, std::vector<model::Message> messages) {
  model::Body body;
  body.network = ledger.network;
  body.signers = {{key("north").id, crypto::Algorithm::ed25519}};
  body.valid_until_ms = ledger.block_ms + 60'000;
  body.nonce.fill(nonce);
  body.messages = std::move(messages);
  return model::sign_transaction(body, {&key("north").signing});
}

BlockResult execute(const Ledger& ledger, const std::vector<Bytes>& transactions,
                    std::uint64_t table_seed = 0) {
  const Bytes sealed = model::seal_envelope(key("north").id, 1, transactions, key("north").signing);
  std::vector<EnvelopeInput> envelopes;
  envelopes.push_back({model::decode_envelope(sealed), {}, {}});
  for (const Bytes& raw : transactions) {
    envelopes[0].items.push_back(verification::check(raw, ledger.registry()));
  }
  const Executor executor(ledger.registry(), ledger.network, table_seed);
  return executor.execute(ledger.state(), {ledger.height, ledger.block_ms, places_of(envelopes)});
}

Ledger ledger_with_ann() {
  Ledger ledger;
  EXPECT_EQ(ledger.register_patient("ann", "north"), contracts::applied);
  return ledger;
}

TEST(Executor, ShowsInvariantsTheChangesOfOneTransaction) {
  const Ledger ledger = ledger_with_ann();
  // Versions are never overwritten: the second transaction must not be taken to write the first's.
  const auto result = execute(
      ledger, {transaction(ledger, 1, {batch(0, 1)}), transaction(ledger, 2, {batch(1, 1)})});
  ASSERT_EQ(result.receipts.size(), 2U);
  EXPECT_EQ(result.receipts[0].entry().status, 0);
  EXPECT_EQ(result.receipts[1].entry().status, 0);
  EXPECT_TRUE(result.alarms.empty());
}

TEST(Executor, GivesTheSameResultsWhateverTheSeedOfItsTables) {
  const Ledger ledger = ledger_with_ann();
  std::vector<Bytes> transactions;
  for (std::uint8_t i = 0; i < 20; ++i) {
    // Some fail: the second half anchors the records of the first once more.
    transactions.push_back(transaction(ledger, i, {batch(i % 10 * 50U, 50)}));
  }
  const auto first = execute(ledger, transactions, 1);
  const auto second = execute(ledger, transactions, 0xfedcba9876543210);
  ASSERT_EQ(first.receipts.size(), transactions.size());
  ASSERT_EQ(second.receipts.size(), transactions.size());
  for (std::size_t i = 0; i < transactions.size(); ++i) {
    EXPECT_EQ(first.receipts[i].entry().status != 0, i >= 10);
    EXPECT_EQ(model::encode_history_entry(first.receipts[i].entry()),
              model::encode_history_entry(second.receipts[i].entry()));
  }
  EXPECT_EQ(first.envelope_data, second.envelope_data);
  ASSERT_EQ(first.writes.size(), second.writes.size());
  auto other = second.writes.begin();
  for (const auto& [written, value] : first.writes) {
    EXPECT_TRUE(equal(written, other->key));
    ASSERT_EQ(value.has_value(), other->value.has_value());
    if (value) {
      EXPECT_TRUE(equal(*value, *other->value));
    }
    ++other;
  }
}

/// Who packed an envelope executes it without having decoded it, the others what they received.
TEST(Executor, GivesWhoPackedAnEnvelopeTheResultsOfTheOthers) {
  const Ledger ledger = ledger_with_ann();
  const std::vector<Bytes> transactions = {transaction(ledger, 1, {batch(0, 1)}),
                                           transaction(ledger, 2, {batch(1, 1)})};
  const auto others = execute(ledger, transactions);
  const std::vector<ByteView> views(transactions.begin(), transactions.end());
  auto packed = model::pack_envelope(key("north").id, 1, views, key("north").signing);
  std::vector<EnvelopeInput> own;
  own.push_back({std::move(packed.envelope), {}, {}});
  for (const Bytes& raw : transactions) {
    own[0].items.push_back(verification::check(raw, ledger.registry()));
  }
  const Executor executor(ledger.registry(), ledger.network);
  const auto packer =
      executor.execute(ledger.state(), {ledger.height, ledger.block_ms, places_of(own)});
  ASSERT_EQ(packer.writes.size(), others.writes.size());
  auto other = others.writes.begin();
  for (const auto& [written, value] : packer.writes) {
    EXPECT_TRUE(equal(written, other->key));
    ASSERT_EQ(value.has_value(), other->value.has_value());
    if (value) {
      EXPECT_TRUE(equal(*value, *other->value));
    }
    ++other;
  }
}

/// A block of north's with one envelope of each of these sizes.
std::vector<EnvelopeInput> envelopes_of(const Ledger& ledger, const std::vector<int>& sizes) {
  std::vector<EnvelopeInput> out;
  std::uint8_t nonce = 0;
  std::uint32_t record = 0;
  for (const int size : sizes) {
    std::vector<Bytes> transactions;
    for (int i = 0; i < size; ++i) {
      transactions.push_back(transaction(ledger, ++nonce, {batch(record++, 1)}));
    }
    const Bytes sealed =
        model::seal_envelope(key("north").id, nonce, transactions, key("north").signing);
    out.push_back({model::decode_envelope(sealed), {}, {}});
    for (const Bytes& raw : transactions) {
      out.back().items.push_back(verification::check(raw, ledger.registry()));
    }
  }
  return out;
}

TEST(Executor, CountsQuotasOnceInABlockAndRefusesWhatIsOverThem) {
  Ledger ledger = ledger_with_ann();
  auto parameters = *contracts::governance::find_parameters(ledger.state());
  parameters.set_quota_operations(10);  // below what may be voted, for the test
  contracts::store_record(ledger.writable(), contracts::governance::parameters_key(), parameters);
  const Executor executor(ledger.registry(), ledger.network);
  const auto run = [&](const std::vector<int>& sizes) {
    const auto envelopes = envelopes_of(ledger, sizes);
    return executor.execute(ledger.state(), {ledger.height, ledger.block_ms, places_of(envelopes)});
  };
  // Whole envelopes or nothing: the second is over, the third fits again.
  const auto result = run({6, 5, 4});
  EXPECT_EQ(result.receipts.size(), 10U);
  ASSERT_EQ(result.rejections.size(), 1U);
  EXPECT_TRUE(result.rejections[0].whole_envelope);
  EXPECT_EQ(result.rejections[0].error.code, ErrorCode::member_quota_exceeded);
  const Bytes counter = verification::quota_key(id("north"));
  ASSERT_TRUE(result.writes.contains(counter));
  ledger.writable().put(counter, *result.writes.find(counter)->value);
  EXPECT_EQ(run({1}).receipts.size(), 0U);
  ledger.block_ms += parameters.quota_period_ms();  // a new period
  EXPECT_EQ(run({10}).receipts.size(), 10U);
}

TEST(Executor, RefusesTheEnvelopesOfWhoIsNoMember) {
  Ledger ledger = ledger_with_ann();
  auto north = *contracts::governance::find_member(ledger.state(), id("north"));
  north.set_expelled_at_ms(ledger.block_ms);
  contracts::store_record(ledger.writable(), contracts::governance::member_key(id("north")), north);
  const auto result = execute(ledger, {transaction(ledger, 1, {batch(0, 1)})});
  EXPECT_TRUE(result.receipts.empty());
  EXPECT_TRUE(result.writes.empty());
  ASSERT_EQ(result.rejections.size(), 1U);
  EXPECT_EQ(result.rejections[0].error.code, ErrorCode::envelope_member_unknown);
}

TEST(Executor, DoesWhatMembersDecidedAtTheEndOfTheBlock) {
  Ledger ledger = ledger_with_ann();
  namespace votes = contracts::testing::votes;
  ASSERT_EQ(votes::propose(ledger, votes::validator("p", "south", "new key", 10)),
            contracts::applied);
  const auto yes = contracts::governance::Ballot::yes;
  for (const char* name : {"north", "south", "insurer"}) {
    ASSERT_EQ(votes::vote(ledger, "p", name, yes), contracts::applied);
  }
  // A block in which nothing runs does nothing.
  const Executor executor(ledger.registry(), ledger.network);
  const auto empty = executor.execute(ledger.state(), {ledger.height, ledger.block_ms, {}});
  EXPECT_TRUE(empty.engine.validators.empty());
  EXPECT_TRUE(empty.writes.empty());
  const auto result = execute(ledger, {transaction(ledger, 1, {batch(0, 1)})});
  ASSERT_EQ(result.receipts.size(), 1U);
  ASSERT_EQ(result.engine.validators.size(), 2U);
  EXPECT_EQ(result.engine.validators[0].power, 0U);
  EXPECT_EQ(result.engine.validators[1].public_key, key("new key").signing.public_key());
  EXPECT_TRUE(result.writes.contains(contracts::governance::proposal_key(id("p"))));
}

TEST(Executor, BoundsTheWritesOfOneTransaction) {
  const Ledger ledger = ledger_with_ann();
  constexpr std::uint32_t half = limits::writes_max / 2;  // a version writes two keys
  const auto result =
      execute(ledger, {transaction(ledger, 1, {batch(0, 100), batch(100, half - 100)}),
                       transaction(ledger, 2, {batch(200, 100), batch(300, half - 99)})});
  ASSERT_EQ(result.receipts.size(), 2U);
  EXPECT_EQ(result.receipts[0].entry().status, 0);
  EXPECT_EQ(result.receipts[1].entry().status,
            static_cast<std::uint16_t>(ErrorCode::writes_exceeded));
  EXPECT_TRUE(result.alarms.empty());
  EXPECT_TRUE(result.receipts[1].events().empty());
  const Bytes refused = records::head_key(id("r200").view());
  EXPECT_FALSE(result.writes.contains(refused));
  EXPECT_TRUE(result.writes.contains(records::head_key(id("r0").view())));
}

}  // namespace
}  // namespace xl::execution
