// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "benchmarks/support/network_fixture.h"

#include <unistd.h>

#include <condition_variable>
#include <mutex>

#include "contracts/identity/messages.pb.h"
#include "contracts/identity/records.h"
#include "contracts/records/messages.pb.h"
#include "contracts/records/records.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "model/canonical.h"
#include "node/demo/members.h"

namespace xl::bench {
namespace {

constexpr std::uint64_t valid_ms = 9 * 60 * 1000;

void must(const Status& status) {
  if (!status.ok()) stop_process(status.error().text());
}
template <typename Value>
Value must(Result<Value> result) {
  if (!result.ok()) stop_process(result.error().text());
  return std::move(*result);
}

node::Unlock unlock() { return node::Unlock::with_operator_key(crypto::SecretBytes(32)); }

model::Id random_id() {
  model::Id out;
  crypto::random_bytes(out.bytes);
  return out;
}

std::string text(ByteView bytes) { return std::string(text_of(bytes)); }

}  // namespace

NetworkFixture::NetworkFixture(std::uint64_t envelope_transactions)
    : folder_(std::filesystem::temp_directory_path() /
              ("xl-bench-network-" + std::to_string(::getpid()))),
      envelope_transactions_(envelope_transactions) {
  std::filesystem::remove_all(folder_);
  must(node::demo::found_members(
      folder_, members, {{"First Hospital", node::OrganisationType::hospital}}, unlock(), clock_));
  for (std::size_t member = 0; member < members; ++member) {
    const node::Layout layout = node::demo::member_layout(folder_, member + 1);
    const model::Genesis genesis = must(node::load_genesis(layout));
    network_ = genesis.network;
    organisations_.push_back(node::hosted_ids(layout, genesis).front());
    signers_.push_back(
        must(unlock().load_signing_key(layout.service_key(organisations_.back().text()))));
    patients_.push_back(random_id());
  }
  for (std::size_t member = 0; member < members; ++member) start(member);
  register_patients();
}

NetworkFixture::~NetworkFixture() {
  for (auto& one : nodes_) one.reset();
  std::filesystem::remove_all(folder_);
}

void NetworkFixture::start(std::size_t member) {
  const node::Layout layout = node::demo::member_layout(folder_, member + 1);
  node::Config config = must(node::read_config(layout.config()));
  config.engine.envelope_transactions = envelope_transactions_;
  nodes_[member] = must(node::Node::start(layout, config, unlock(), clock_, log_));
}

Bytes NetworkFixture::sign(std::size_t member, std::uint8_t contract, std::uint16_t type,
                           Bytes message) {
  const crypto::SigningKey& key = signers_[member];
  model::Body body;
  body.network = network_;
  body.signers.push_back({model::key_id_of(key.algorithm(), key.public_key()), key.algorithm()});
  body.valid_until_ms = clock_.now_ms() + valid_ms;
  crypto::random_bytes(body.nonce);
  body.messages.push_back({contract, type, std::move(message)});
  return model::sign_transaction(body, {&key});
}

void NetworkFixture::register_patients() {
  std::mutex mutex;
  std::condition_variable arrived;
  std::size_t missing = members;
  for (std::size_t member = 0; member < members; ++member) {
    xinglin::identity::v1::RegisterPatient message;
    message.set_custodian(text(organisations_[member].bytes));
    message.set_patient(text(patients_[member].bytes));
    engine(member).submit(
        {sign(member, contracts::identity::contract_number,
              contracts::identity::register_patient_type, model::encode(message))},
        [&](std::size_t, ordering::Outcome outcome) {
          if (!outcome.ok()) stop_process(outcome.error().text());
          if (outcome->status != 0) stop_process("status " + std::to_string(outcome->status));
          const std::scoped_lock lock(mutex);
          --missing;
          arrived.notify_one();
        });
  }
  std::unique_lock lock(mutex);
  arrived.wait(lock, [&] { return missing == 0; });
}

std::vector<Bytes> NetworkFixture::make_anchors(std::size_t member, std::size_t count) {
  std::vector<Bytes> out;
  out.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const model::Id record = random_id();
    xinglin::records::v1::Anchor message;
    message.set_record(text(record.bytes));
    message.set_patient(text(patients_[member].bytes));
    message.set_version(1);
    Bytes digest{1};
    append(digest, crypto::sha256(record.bytes));
    message.set_commitment(text(digest));
    digest.back() ^= 1;
    message.set_ciphertext_digest(text(digest));
    out.push_back(sign(member, contracts::records::contract_number, contracts::records::anchor_type,
                       model::encode(message)));
  }
  return out;
}

}  // namespace xl::bench
