// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "client/http_client.h"
#include "crypto/signature.h"
#include "model/genesis.h"
#include "model/transaction.h"

namespace google::protobuf {
class Message;
}

namespace xl::node::demo {

/// Somebody of the story: a DID and the key that signs for it. The demo keeps these keys itself and
/// says so.
struct Actor {
  std::string name;
  model::Id did;
  crypto::SigningKey key;
};

/// A fresh DID with a fresh key.
[[nodiscard]] Actor make_actor(std::string name);
/// Bytes as protobuf's `bytes` fields take them.
[[nodiscard]] std::string bytes_of(ByteView bytes);
/// A random id.
[[nodiscard]] model::Id random_id();
/// suite ‖ H(salt ‖ text) with a fresh salt: a commitment to something the demo does not open.
[[nodiscard]] Bytes committed(std::string_view text);

/// What became of one message: the transaction and its status, or why it was not let in.
struct Sent {
  std::string transaction_id;
  std::uint64_t status = 0;
  std::string status_name;  ///< `applied`, a contract's word, or the code of a rejection
};

/// Signs messages and sends them through the node's public API. Not thread-safe.
class LedgerClient {
 public:
  LedgerClient(client::NodeAddress address, const model::Genesis& genesis, const Clock& clock)
      : http_(std::move(address)), genesis_(genesis), clock_(clock) {}

  /// Sends one message signed by `signers`, waits for its commit. A refusal is an answer, not an
  /// error. Errors: node_unreachable, answer_unexpected.
  [[nodiscard]] Result<Sent> send(std::uint8_t contract, std::uint16_t type,
                                  const google::protobuf::Message& message,
                                  const std::vector<const Actor*>& signers);
  /// Sends the same signed bytes again.
  [[nodiscard]] Result<Sent> send_again();
  /// Fetches the receipt of a transaction and checks it with the genesis alone.
  /// Errors: node_unreachable and those of `model::read_receipt` and `verify_receipt`.
  [[nodiscard]] Status verify(const std::string& transaction_id);

  /// Ids of everything that was executed, in order.
  [[nodiscard]] const std::vector<std::string>& executed() const { return executed_; }
  [[nodiscard]] const Hash& network() const { return genesis_.network; }
  [[nodiscard]] const Clock& clock() const { return clock_; }

 private:
  [[nodiscard]] Result<Sent> post(const Bytes& raw);

  client::HttpClient http_;
  const model::Genesis& genesis_;
  const Clock& clock_;
  std::vector<std::string> executed_;
  Bytes last_;
};

}  // namespace xl::node::demo
