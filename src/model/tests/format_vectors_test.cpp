// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: docs/reference/formats.md says what the code does. Method: every `name = value` line of the
// page's blocks is computed again by the code; a line without a check is an error.
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "crypto/merkle.h"
#include "crypto/sparse_merkle.h"
#include "model/canonical.h"
#include "model/history.h"
#include "model/ledger.pb.h"
#include "model/transaction.h"

namespace xl::model {
namespace {

std::map<std::string, std::string> vectors_of_page() {
  std::ifstream page(std::string(XL_SOURCE_DIR) + "/docs/reference/formats.md");
  std::map<std::string, std::string> out;
  bool in_block = false;
  for (std::string line; std::getline(page, line);) {
    if (line == "```") {
      in_block = !in_block;
    } else if (in_block) {
      const std::size_t equals = line.find(" = ");
      EXPECT_NE(equals, std::string::npos) << line;
      out[line.substr(0, equals)] = line.substr(equals + 3);
    }
  }
  return out;
}

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
  std::map<std::string, std::string> page = vectors_of_page();
  std::size_t checked = 0;
  const auto expect = [&](const std::string& name, const std::string& value) {
    EXPECT_EQ(page[name], value) << name;
    ++checked;
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
  EXPECT_EQ(checked, page.size()) << "the page has a value that nothing checks";
}

}  // namespace
}  // namespace xl::model
