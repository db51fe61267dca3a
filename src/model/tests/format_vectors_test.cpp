// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: docs/reference/formats.md says what the code does. Method: every `name = value` line of the
// page's blocks is computed again by the code; a line without a check is an error. The groups that
// other folders compute are named here.
#include <gtest/gtest.h>

#include "crypto/hash.h"
#include "crypto/merkle.h"
#include "crypto/sparse_merkle.h"
#include "model/canonical.h"
#include "model/envelope.h"
#include "model/history.h"
#include "model/ledger.pb.h"
#include "model/tests/vectors.h"
#include "model/transaction.h"

namespace xl::model {
namespace {

/// The body of the page: contract 3, message 1, one Ed25519 signer.
Body page_body(const Hash& key_id) {
  Body body;
  body.network.fill(7);
  body.signers.push_back({key_id, crypto::Algorithm::ed25519});
  body.valid_until_ms = 1795219200000;
  body.nonce.fill(9);
  body.messages.push_back({3, 1, Bytes{10, 2, 1, 2}});
  return body;
}

TEST(FormatVectors, ThePageIsWhatTheCodeDoes) {
  std::map<std::string, std::string> page = vectors::of_page("formats.md");
  const auto expect = [&](const std::string& name, const std::string& value) {
    EXPECT_EQ(page[name], value) << name;
  };
  Bytes counting(32);
  for (std::size_t i = 0; i < counting.size(); ++i) counting[i] = static_cast<std::uint8_t>(i);
  const auto id = id_from_bytes(ByteView(counting).first(16));
  ASSERT_TRUE(id.ok());
  expect("id.bytes", to_hex(id->bytes));
  expect("id.did", did_text(*id));
  const Hash key_id = key_id_of(crypto::Algorithm::ed25519, counting);
  expect("key.public", to_hex(counting));
  expect("key.id", to_hex(key_id));

  const Bytes body = encode_body(page_body(key_id));
  Bytes signature(65, 2);
  signature[0] = 1;
  const Hash transaction = transaction_id(body);
  expect("transaction.body", to_hex(body));
  expect("transaction.id", to_hex(transaction));
  expect("transaction.raw", to_hex(encode_transaction(body, {signature})));
  EXPECT_TRUE(decode_transaction(encode_transaction(body, {signature})).ok());
  Bytes mark{0, 'r'};
  append_be<std::uint64_t>(mark, 1795219200000);
  append(mark, transaction);
  expect("replay.mark", to_hex(mark));

  Bytes key{3, 'h'};
  append(key, Bytes(16, 0x11));
  const Bytes value{1, 10, 1, 2};
  const Hash leaf = crypto::sparse_merkle::leaf_hash(state_path(key), state_value_hash(value));
  expect("state.key", to_hex(key));
  expect("state.path", to_hex(state_path(key)));
  expect("state.value", to_hex(value));
  expect("state.value_hash", to_hex(state_value_hash(value)));
  expect("state.leaf", to_hex(leaf));

  xinglin::ledger::v1::TransactionResult result;
  result.set_status(2301);
  result.set_failed_message(1);
  const Bytes result_bytes = encode(result);
  const HistoryEntry entry{transaction, 12, 1, 2, 2301, result_digest(result_bytes)};
  expect("result.bytes", to_hex(result_bytes));
  expect("result.digest", to_hex(entry.result_digest));
  expect("history.entry", to_hex(encode_history_entry(entry)));
  expect("history.leaf", to_hex(history_leaf(entry)));
  expect("app.hash", to_hex(app_hash(leaf, history_leaf(entry), 1)));
}

/// Transaction `number` of the page's envelope.
Bytes withdrawal(const Hash& network, std::uint8_t number, const crypto::SigningKey& key) {
  Body body;
  body.network = network;
  body.signers.push_back({key_id_of(key.algorithm(), key.public_key()), key.algorithm()});
  body.valid_until_ms = 1795219260000;
  body.nonce.fill(static_cast<std::uint8_t>(number + 1));
  Bytes withdraw{0x0a, 0x10};
  append(withdraw, Bytes(16, 0x77));
  body.messages.push_back({2, 3, withdraw});
  return sign_transaction(body, {&key});
}

TEST(FormatVectors, TheEnvelopeOfThePageIsSealedAgain) {
  std::map<std::string, std::string> page = vectors::of_page("formats.md");
  const std::string genesis = vectors::file("genesis.json");
  EXPECT_EQ(page["genesis.file_sha256"], to_hex(crypto::sha256(view_of(genesis))));
  const Hash network = vectors::genesis().network;
  EXPECT_EQ(page["genesis.network"], to_hex(network));
  const crypto::SigningKey service = vectors::key_of_seed(1);
  const crypto::SigningKey sealing = vectors::key_of_seed(2);
  std::vector<Bytes> transactions;
  for (std::uint8_t i = 0; i < 3; ++i) transactions.push_back(withdrawal(network, i, service));
  transactions.push_back({0xff});
  const Hash key_id = key_id_of(sealing.algorithm(), sealing.public_key());
  const Bytes raw = seal_envelope(key_id, 7, transactions, sealing);
  const auto envelope = decode_envelope(raw);
  ASSERT_TRUE(envelope.ok());
  EXPECT_EQ(page["envelope.key"], to_hex(sealing.public_key()));
  EXPECT_EQ(page["envelope.content"], to_hex(envelope->content));
  EXPECT_EQ(page["envelope.signature"], to_hex(envelope->signature));
  EXPECT_EQ(page["envelope.raw"], to_hex(raw));
}

TEST(FormatVectors, AResultWithAnEventIsThePages) {
  std::map<std::string, std::string> page = vectors::of_page("formats.md");
  xinglin::ledger::v1::TransactionResult result;
  auto* event = result.add_events();
  event->set_contract(3);
  event->set_type(1);
  auto* subject = event->add_attributes();
  subject->set_key(1);
  subject->set_value(std::string(16, 0x11));
  auto* count = event->add_attributes();
  count->set_key(2);
  count->set_value(std::string(1, 1));
  EXPECT_EQ(page["applied.bytes"], to_hex(encode(result)));
  EXPECT_EQ(page["applied.digest"], to_hex(result_digest(encode(result))));
}

TEST(FormatVectors, TheHistoryOfThePageIsBuiltAgain) {
  std::map<std::string, std::string> page = vectors::of_page("formats.md");
  const auto envelope = decode_envelope(vectors::bytes_of(page, "envelope.raw"));
  ASSERT_TRUE(envelope.ok());
  const Hash digest = result_digest(Bytes{0x08, 0x9f, 0x11, 0x10, 0x01});
  std::vector<Hash> leaves;
  for (std::uint32_t i = 0; i < 3; ++i) {
    const auto transaction = decode_transaction(envelope->transactions[i]);
    ASSERT_TRUE(transaction.ok());
    leaves.push_back(history_leaf({transaction->id, 1, 0, i, 2207, digest}));
    EXPECT_EQ(page["tree.leaf_" + std::to_string(i)], to_hex(leaves.back()));
  }
  EXPECT_EQ(page["tree.root"], to_hex(crypto::merkle::root_of_leaf_hashes(leaves)));
  std::string path;
  for (const Hash& sibling : crypto::merkle::inclusion_path(leaves, 1)) path += to_hex(sibling);
  EXPECT_EQ(page["tree.path_of_1"], path);
}

TEST(FormatVectors, NothingOnThePageIsUnchecked) {
  // `block` and `receipt`: block_vectors_test.cpp. `genesis` and `executed`: tests/golden/
  // vectors_test.cpp. `founding`: src/node/tests/founding_vectors_test.cpp. `cursor`:
  // src/query/tests/cursor_format_test.cpp. `signing`: src/ordering/tests/signer_test.cpp.
  const std::map<std::string, std::size_t> expected = {
      {"id", 2},       {"key", 2},     {"transaction", 3}, {"replay", 1},   {"state", 5},
      {"result", 2},   {"history", 2}, {"app", 1},         {"envelope", 5}, {"applied", 2},
      {"tree", 5},     {"block", 12},  {"receipt", 2},     {"genesis", 4},  {"executed", 2},
      {"founding", 4}, {"cursor", 4},  {"signing", 5}};
  std::map<std::string, std::size_t> given;
  for (const auto& [name, value] : vectors::of_page("formats.md")) {
    ++given[name.substr(0, name.find('.'))];
  }
  EXPECT_EQ(given, expected) << "the page has a value that nothing checks";
}

}  // namespace
}  // namespace xl::model
