// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "benchmarks/support/network_fixture.h"

#include <unistd.h>

#include <condition_variable>
#include <mutex>

#include "benchmarks/support/must.h"
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

node::Unlock unlock() { return node::Unlock::with_operator_key(crypto::SecretBytes(32)); }

model::Id random_id() {
  model::Id out;
  crypto::random_bytes(out.bytes);
  return out;
}

std::string text(ByteView bytes) { return std::string(text_of(bytes)); }

}  // namespace

NetworkFixture::NetworkFixture(const Options& options)
    : folder_(std::filesystem::temp_directory_path() /
              ("xl-bench-network-" + std::to_string(::getpid()))),
      options_(options) {
  std::filesystem::remove_all(folder_);
  must(node::demo::found_members(folder_, members,
                                 {{"First Hospital", node::OrganisationType::hospital}}, 0,
                                 unlock(), clock_));
  for (std::size_t member = 0; member < members; ++member) {
    const model::Genesis genesis = must(node::load_genesis(layout(member)));
    network_ = genesis.network;
    organisations_.push_back(node::hosted_ids(layout(member), genesis).front());
    signers_.push_back(
        must(unlock().load_signing_key(layout(member).service_key(organisations_.back().text()))));
    patients_.push_back(random_id());
  }
  for (std::size_t member = 0; member < members; ++member) start(member);
  for (std::size_t member = 0; member < members; ++member) {
    xinglin::identity::v1::RegisterPatient message;
    message.set_custodian(text(organisations_[member].bytes));
    message.set_patient(text(patients_[member].bytes));
    submit_and_wait(member,
                    {sign(member, contracts::identity::contract_number,
                          contracts::identity::register_patient_type, model::encode(message))});
  }
}

NetworkFixture::~NetworkFixture() {
  for (auto& one : nodes_) one.reset();
  std::filesystem::remove_all(folder_);
}

query::LedgerHead NetworkFixture::head(std::size_t member) const {
  return must(nodes_[member]->ledger().head());
}

node::Layout NetworkFixture::layout(std::size_t member) const {
  return node::demo::member_layout(folder_, member + 1);
}

client::NodeAddress NetworkFixture::address(std::size_t member) const {
  return {"127.0.0.1", std::to_string(nodes_[member]->port())};
}

node::Config NetworkFixture::config(std::size_t member) const {
  node::Config out = must(node::read_config(layout(member).config()));
  out.engine.envelope_transactions = options_.envelope_transactions;
  out.engine.snapshot_every = options_.snapshot_every;
  return out;
}

node::demo::Cast NetworkFixture::cast(std::size_t member) {
  static const Bytes operator_key(32);  // as of `unlock`
  const auto personas = folder_ / "personas" / std::to_string(member);
  std::filesystem::create_directories(personas);
  return {
      address(member), clock_, personas, {crypto::keyfile::Protection::operator_key, operator_key}};
}

node::demo::Persona NetworkFixture::hospital(std::size_t member) {
  return must(
      cast(member).organisation(layout(member), unlock(), "hospital", organisations_[member]));
}

void NetworkFixture::start(std::size_t member) {
  nodes_[member] = must(node::Node::start(layout(member), config(member), unlock(), clock_, log_));
}

node::Repaired NetworkFixture::restore(std::size_t member,
                                       const std::vector<client::NodeAddress>& others) {
  return must(node::repair_ledger(layout(member), config(member), unlock(), others,
                                  [](const node::RepairProgress&) { return true; }));
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

void NetworkFixture::submit_and_wait(std::size_t member, std::vector<Bytes> transactions) {
  std::mutex mutex;
  std::condition_variable arrived;
  std::size_t missing = transactions.size();
  engine(member).submit(std::move(transactions), [&](std::size_t, ordering::Outcome outcome) {
    if (!outcome.ok()) stop_process(outcome.error().text());
    if (outcome->status != 0) stop_process("status " + std::to_string(outcome->status));
    const std::scoped_lock lock(mutex);
    if (--missing == 0) arrived.notify_one();
  });
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
