// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/clock.h"
#include "crypto/signature.h"
#include "model/transaction.h"
#include "ordering/engine.h"
#include "query/ledger.h"

namespace google::protobuf {
class Message;
}

namespace xl::custody {

/// A message to a contract in its canonical form.
[[nodiscard]] model::Message message_to(std::uint8_t contract, std::uint16_t type,
                                        const google::protobuf::Message& message);
/// Bytes as protobuf's `bytes` fields take them.
[[nodiscard]] std::string bytes_of(ByteView bytes);
/// A random id.
[[nodiscard]] model::Id random_id();
/// A key as transactions name it.
[[nodiscard]] model::Signer signer_of(const crypto::SigningKey& key);
/// suite ‖ SHA-256(tag ‖ 0x00 ‖ suite ‖ salt ‖ text): hides the text while the salt is secret.
[[nodiscard]] Bytes salted_digest(ByteView salt, std::string_view text);

/// Signs in the name of hosted organisations, sends to the ledger and waits. Thread-safe.
class LedgerPort {
 public:
  /// All of them outlive the port. `room` tells whether new records may be taken; empty: always.
  LedgerPort(const query::Ledger& ledger, ordering::Engine& engine, const Clock& clock,
             std::function<Status()> room = {})
      : ledger_(ledger), engine_(engine), clock_(clock), room_(std::move(room)) {}

  /// Asked before a record is taken, so that none gets stuck half-way; what people say about
  /// records (consents, emergencies) needs less and is not held up by it. Errors: disk_nearly_full.
  [[nodiscard]] Status room() const { return room_ ? room_() : Status{}; }

  using Signers = std::span<const crypto::SigningKey* const>;

  /// What `signers` are to sign, valid for two minutes.
  [[nodiscard]] model::Body body_of(std::vector<model::Message> messages,
                                    std::vector<model::Signer> signers) const;
  /// A transaction of `messages`, valid for two minutes.
  [[nodiscard]] Bytes sign(std::vector<model::Message> messages, Signers signers) const;

  /// Sends transactions in order and waits until each is durable or refused, at most a minute.
  /// One outcome for each; wait_timed_out for those that are still under way then.
  [[nodiscard]] std::vector<ordering::Outcome> send_all(std::vector<Bytes> transactions) const;

  /// Sends one that must be applied. Errors: those of the engine, contract_refused (names the
  /// status), wait_timed_out.
  [[nodiscard]] Result<model::HistoryEntry> send(Bytes transaction) const;
  /// `sign` and `send`.
  [[nodiscard]] Result<model::HistoryEntry> send(std::vector<model::Message> messages,
                                                 Signers signers) const;

  /// Makes every send wait for seconds only, those under way too: the node is stopping, and a
  /// ledger that stands still must not hold it up.
  void hurry() const;

  /// The outcome as an error unless it was applied.
  [[nodiscard]] Status applied(const ordering::Outcome& outcome) const;

  [[nodiscard]] const query::Ledger& ledger() const { return ledger_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }
  [[nodiscard]] std::uint64_t now_ms() const { return clock_.now_ms(); }

 private:
  const query::Ledger& ledger_;
  ordering::Engine& engine_;
  const Clock& clock_;
  std::function<Status()> room_;
  mutable std::atomic<std::uint64_t> wait_ms_{25'000};
};

/// The durable state with its time: decisions are made on one of these. The time is the custodian's
/// clock where that is ahead of the last block: in an idle network block time lags.
struct LedgerView {
  std::unique_ptr<model::StateReader> state;
  std::uint64_t height = 0;
  std::uint64_t now_ms = 0;
};

/// Errors: store_corrupt.
[[nodiscard]] Result<LedgerView> look(const LedgerPort& port);

}  // namespace xl::custody
