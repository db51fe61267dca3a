// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <future>
#include <memory>
#include <string>

#include "base/json/writer.h"
#include "contracts/records/messages.pb.h"
#include "contracts/records/records.h"
#include "crypto/signature.h"
#include "model/canonical.h"
#include "model/receipt.h"
#include "ordering/solo/engine.h"

/// A ledger of one organisation and one validator on a real store, for tests of this folder.
namespace xl::node::testing {

namespace fs = std::filesystem;

inline crypto::SigningKey key_of(std::uint8_t number) {
  const Bytes secret(32, number);
  auto key = crypto::SigningKey::from_secret(crypto::Algorithm::ed25519, secret);
  EXPECT_TRUE(key.ok());
  return std::move(*key);
}

inline model::Id id_of(std::uint8_t number) {
  model::Id id;
  id.bytes.fill(number);
  return id;
}

/// One organisation, one validator, one store.
class Network {
 public:
  explicit Network(std::uint64_t now_ms) : clock(now_ms) {
    directory = fs::temp_directory_path() / ("xl-solo-" + std::to_string(::getpid()));
    fs::remove_all(directory);
  }
  ~Network() {
    close();
    fs::remove_all(directory);
  }

  std::string genesis_text() const {
    json::Writer out;
    out.begin_object();
    out.key("genesis_time").string("2026-11-21T00:00:00Z");
    out.key("chain_id").string("test-solo").key("initial_height").string("1");
    out.key("consensus_params").begin_object();
    out.key("block").begin_object().key("max_bytes").string("4194304");
    out.key("max_gas").string("-1").end_object();
    out.key("version").begin_object().key("app").string("1").end_object().end_object();
    out.key("validators").begin_array().begin_object();
    out.key("pub_key").begin_object().key("type").string("tendermint/PubKeyEd25519");
    out.key("value").string(to_base64(validator.public_key())).end_object();
    out.key("power").string("10").end_object().end_array();
    out.key("app_state").begin_object().key("format_version").integer(1);
    out.key("suite").integer(1).key("identity").begin_object();
    out.key("organisations").begin_array().begin_object();
    out.key("did").string(model::did_text(id_of(9))).key("name").string("Test Hospital");
    out.key("type").integer(1).key("keys").begin_array().begin_object();
    out.key("algorithm").integer(1).key("public_key").string(to_base64(hospital.public_key()));
    out.key("purposes").integer(7).end_object().end_array().end_object().end_array();
    out.end_object();
    if (governed) write_member(out);
    out.end_object().end_object();
    return out.take();
  }

  /// The hospital is the only member: its vote decides.
  void write_member(json::Writer& out) const {
    const Bytes key = validator.public_key();
    out.key("governance").begin_object().key("members").begin_array().begin_object();
    out.key("organisation").string(model::did_text(id_of(9)));
    out.key("weight").integer(1).key("power").integer(10);
    out.key("validator_key").string(to_base64(key));
    out.key("peer_id").string(to_hex(ByteView(key).first(20)));
    out.key("address").string("hospital.example:26656").end_object().end_array().end_object();
  }

  model::Genesis genesis() const {
    auto read = model::read_genesis(view_of(genesis_text()));
    EXPECT_TRUE(read.ok()) << read.error().text();
    return std::move(*read);
  }

  void open_chain() {
    auto opened = state::Database::open(directory, {});
    ASSERT_TRUE(opened.ok()) << opened.error().text();
    database = std::move(*opened);
    auto made = chain::Chain::open(*database, registry, genesis());
    ASSERT_TRUE(made.ok()) << made.error().text();
    chain = std::move(*made);
  }

  void open(ordering::solo::Options options = {}) {
    open_chain();
    if (::testing::Test::HasFatalFailure()) return;
    options.mark = mark();
    auto started = ordering::solo::make_engine(*chain, clock, validator, hospital, options);
    ASSERT_TRUE(started.ok()) << started.error().text();
    engine = std::move(*started);
    engine->start();
  }

  fs::path mark() const { return directory / "signed"; }

  void close() {
    engine.reset();
    chain.reset();
    database.reset();
  }

  model::Body body(std::uint8_t nonce) const {
    model::Body out;
    out.network = genesis().network;
    out.signers.push_back({model::key_id_of(hospital.algorithm(), hospital.public_key()),
                           crypto::Algorithm::ed25519});
    out.valid_until_ms = clock.now_ms() + 60'000;
    out.nonce.fill(nonce);
    xinglin::records::v1::Anchor anchor;
    anchor.set_record(std::string(16, static_cast<char>(nonce)));
    anchor.set_patient(std::string(16, 'p'));
    anchor.set_version(1);
    anchor.set_commitment(std::string("\x01", 1) + std::string(32, 'c'));
    anchor.set_ciphertext_digest(std::string("\x01", 1) + std::string(32, 'd'));
    out.messages.push_back({contracts::records::contract_number, contracts::records::anchor_type,
                            model::encode(anchor)});
    return out;
  }

  Bytes transaction(std::uint8_t nonce) const {
    return model::sign_transaction(body(nonce), {&hospital});
  }

  /// The transaction of a number: the same bytes in every process.
  Bytes numbered_transaction(std::uint32_t number) const {
    model::Body numbered = body(1);
    Bytes digits;
    append_be(digits, number);
    std::copy(digits.begin(), digits.end(), numbered.nonce.begin());
    return model::sign_transaction(numbered, {&hospital});
  }

  ordering::Outcome submit(Bytes transaction) {
    std::promise<ordering::Outcome> answer;
    engine->submit({std::move(transaction)}, [&](std::size_t, ordering::Outcome outcome) {
      answer.set_value(std::move(outcome));
    });
    return answer.get_future().get();
  }

  bool governed = false;  ///< the genesis names a member
  ManualClock clock;
  crypto::SigningKey validator = key_of(1);
  crypto::SigningKey hospital = key_of(2);
  contracts::Registry registry = contracts::make_registry();
  fs::path directory;
  std::unique_ptr<state::Database> database;
  std::unique_ptr<chain::Chain> chain;
  std::unique_ptr<ordering::Engine> engine;
};

constexpr std::uint64_t start_ms = 1795219200000;  // 2026-11-21

}  // namespace xl::node::testing
