// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "custody/ledger_port.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "crypto/hash.h"
#include "crypto/random.h"
#include "model/canonical.h"
#include "model/tags.h"

namespace xl::custody {
namespace {

constexpr std::uint64_t valid_ms = 2 * 60 * 1000;
constexpr std::uint64_t hurried_wait_ms = 3'000;
/// How soon those who wait already notice that they should hurry.
constexpr std::chrono::milliseconds wait_slice{200};

/// Collects outcomes. Shared with the engine, which may outlast the one who waits.
class Awaited {
 public:
  explicit Awaited(std::size_t count)
      : outcomes_(count, make_error(ErrorCode::wait_timed_out)), missing_(count) {}

  void set(std::size_t index, ordering::Outcome outcome) {
    {
      const std::scoped_lock lock(mutex_);
      outcomes_[index] = std::move(outcome);
      --missing_;
    }
    arrived_.notify_one();
  }

  /// `wait_ms` may become less while this waits.
  [[nodiscard]] std::vector<ordering::Outcome> wait(const std::atomic<std::uint64_t>& wait_ms) {
    const auto began = std::chrono::steady_clock::now();
    std::unique_lock lock(mutex_);
    while (!arrived_.wait_for(lock, wait_slice, [this] { return missing_ == 0; }) &&
           std::chrono::steady_clock::now() - began < std::chrono::milliseconds(wait_ms.load())) {
    }
    return outcomes_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<ordering::Outcome> outcomes_;
  std::size_t missing_;
};

std::string status_text(contracts::StatusCode status, const contracts::Registry& registry) {
  for (const auto& contract : registry.all()) {
    for (const contracts::StatusInfo& info : contract->statuses()) {
      if (info.number == status) return code_text(status) + " " + std::string(info.name);
    }
  }
  return code_text(status);
}

}  // namespace

model::Message message_to(std::uint8_t contract, std::uint16_t type,
                          const google::protobuf::Message& message) {
  return {contract, type, model::encode(message)};
}

std::string bytes_of(ByteView bytes) { return std::string(text_of(bytes)); }

model::Id random_id() {
  model::Id id;
  do crypto::random_bytes(id.bytes);
  while (id.is_zero());
  return id;
}

Bytes salted_digest(ByteView salt, std::string_view text) {
  Bytes out{static_cast<std::uint8_t>(crypto::Suite::international)};
  append(out, crypto::tagged_hash(model::tags::salted_text, {salt, view_of(text)}));
  return out;
}

model::Signer signer_of(const crypto::SigningKey& key) {
  return {model::key_id_of(key.algorithm(), key.public_key()), key.algorithm()};
}

model::Body LedgerPort::body_of(std::vector<model::Message> messages,
                                std::vector<model::Signer> signers) const {
  model::Body body;
  body.network = ledger_.genesis().network;
  body.signers = std::move(signers);
  body.valid_until_ms = clock_.now_ms() + valid_ms;
  crypto::random_bytes(body.nonce);
  body.messages = std::move(messages);
  return body;
}

Bytes LedgerPort::sign(std::vector<model::Message> messages, Signers signers) const {
  std::vector<model::Signer> names;
  for (const crypto::SigningKey* key : signers) names.push_back(signer_of(*key));
  return model::sign_transaction(body_of(std::move(messages), std::move(names)),
                                 {signers.begin(), signers.end()});
}

std::vector<ordering::Outcome> LedgerPort::send_all(std::vector<Bytes> transactions) const {
  const auto awaited = std::make_shared<Awaited>(transactions.size());
  engine_.submit(std::move(transactions), [awaited](std::size_t index, ordering::Outcome outcome) {
    awaited->set(index, std::move(outcome));
  });
  return awaited->wait(wait_ms_);
}

void LedgerPort::hurry() const { wait_ms_.store(hurried_wait_ms); }

Status LedgerPort::applied(const ordering::Outcome& outcome) const {
  if (!outcome.ok()) return outcome.error();
  if (outcome->status == contracts::applied) return {};
  return make_error(
      ErrorCode::contract_refused,
      status_text(static_cast<contracts::StatusCode>(outcome->status), ledger_.registry()));
}

Result<model::HistoryEntry> LedgerPort::send(Bytes transaction) const {
  std::vector<Bytes> one;
  one.push_back(std::move(transaction));
  const std::vector<ordering::Outcome> outcomes = send_all(std::move(one));
  XL_TRY(applied(outcomes.front()));
  return *outcomes.front();
}

Result<model::HistoryEntry> LedgerPort::send(std::vector<model::Message> messages,
                                             Signers signers) const {
  return send(sign(std::move(messages), signers));
}

Result<LedgerView> look(const LedgerPort& port) {
  LedgerView out;
  XL_TRY_ASSIGN(const query::LedgerHead head, port.ledger().head());
  out.state = port.ledger().state();
  out.height = head.height;
  out.now_ms = std::max(head.block_ms, port.now_ms());
  return out;
}

}  // namespace xl::custody
