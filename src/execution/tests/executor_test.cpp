// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: execution shows each contract the changes of one transaction, within the limit on its
// writes. Method: real transactions and envelopes on the ledger that contracts are tested with.
#include "execution/executor.h"

#include <gtest/gtest.h>

#include "contracts/records/messages.pb.h"
#include "contracts/records/records.h"
#include "contracts/records/view.h"
#include "contracts/tests/fixture.h"

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
