// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "benchmarks/support/ledger_fixture.h"

#include <unistd.h>

#include <condition_variable>
#include <mutex>

#include "base/json/writer.h"
#include "benchmarks/support/must.h"
#include "contracts/identity/messages.pb.h"
#include "contracts/records/messages.pb.h"
#include "crypto/hash.h"
#include "model/canonical.h"
#include "model/comet/json.h"

namespace xl::bench {
namespace {

constexpr std::size_t keys_per_organisation = 16;
constexpr std::uint64_t valid_ms = 9 * 60 * 1000;

/// Fills the state at the founding with keys that nothing reads.
class Filler final : public contracts::Contract {
 public:
  explicit Filler(std::uint64_t count) : count_(count) {}
  [[nodiscard]] std::uint8_t number() const override { return 126; }
  [[nodiscard]] std::string_view name() const override { return "filler"; }
  [[nodiscard]] std::span<const contracts::StatusInfo> statuses() const override { return {}; }
  [[nodiscard]] Result<std::unique_ptr<contracts::Command>> check(std::uint16_t,
                                                                  ByteView) const override {
    return make_error(ErrorCode::contract_unknown);
  }
  [[nodiscard]] Status initialise(json::Value, model::StateWriter& state) const override {
    for (std::uint64_t i = 0; i < count_; ++i) {
      Bytes name;
      append_be(name, i);
      const Hash digest = crypto::sha256(name);
      Bytes key{126};
      append(key, digest);
      Bytes value{1};
      append(value, digest);
      append(value, digest);
      state.put(key, value);
    }
    return {};
  }
  [[nodiscard]] bool invariants(const model::WriteSet&, const model::StateReader&,
                                const model::StateReader&) const override {
    return true;
  }

 private:
  std::uint64_t count_;
};

crypto::SigningKey key_number(std::uint64_t number) {
  Bytes seed;
  append_be(seed, number);
  return must(crypto::SigningKey::from_secret(crypto::Algorithm::ed25519, crypto::sha256(seed)));
}

model::Id id_number(char kind, std::uint64_t number) {
  Bytes seed{static_cast<std::uint8_t>(kind)};
  append_be(seed, number);
  const Hash digest = crypto::sha256(seed);
  model::Id id;
  std::copy_n(digest.begin(), id.bytes.size(), id.bytes.begin());
  return id;
}

std::string text(ByteView bytes) { return std::string(text_of(bytes)); }

void write_key(json::Writer& out, const crypto::SigningKey& key, int purposes) {
  out.begin_object().key("algorithm").integer(1);
  out.key("public_key").string(to_base64(key.public_key()));
  out.key("purposes").integer(purposes).end_object();
}

}  // namespace

LedgerFixture::LedgerFixture(const Options& options) {
  directory_ = std::filesystem::current_path() / ("bench-ledger-" + std::to_string(::getpid()));
  std::filesystem::remove_all(directory_);
  for (std::size_t i = 0; i < options.signers; ++i) signers_.push_back(key_number(i));
  validator_ = std::make_unique<crypto::SigningKey>(key_number(1'000'000'001));
  envelope_ = std::make_unique<crypto::SigningKey>(key_number(1'000'000'002));
  auto list = contracts::make_contracts();
  list.push_back(std::make_unique<Filler>(options.filler_keys));
  registry_ = std::make_unique<contracts::Registry>(std::move(list));
  database_ = must(state::Database::open(directory_, {}));
  model::Genesis genesis = make_genesis();
  network_ = genesis.network;
  chain_ = must(chain::Chain::open(*database_, *registry_, std::move(genesis)));
  // A founding of 10^7 keys is compacted for minutes; a real state came to be over months.
  const Status compacted = database_->compact();
  if (!compacted.ok()) stop_process(compacted.error().text());
  ordering::solo::Options engine = options.engine;
  engine.mark = directory_ / "signed";
  engine_ = must(ordering::solo::make_engine(*chain_, clock_, *validator_, *envelope_, engine));
  engine_->start();
  register_patients();
}

LedgerFixture::~LedgerFixture() {
  engine_.reset();
  chain_.reset();
  database_.reset();
  std::filesystem::remove_all(directory_);
}

model::Genesis LedgerFixture::make_genesis() const {
  json::Writer out;
  out.begin_object().key("genesis_time");
  out.string(model::comet::to_rfc3339(model::comet::timestamp_from_ms(clock_.now_ms())));
  out.key("chain_id").string("bench").key("initial_height").string("1");
  out.key("consensus_params").begin_object().key("block").begin_object();
  out.key("max_bytes").string("4194304").key("max_gas").string("-1").end_object();
  out.key("version").begin_object().key("app").string("1").end_object().end_object();
  out.key("validators").begin_array().begin_object().key("pub_key").begin_object();
  out.key("type").string("tendermint/PubKeyEd25519");
  out.key("value").string(to_base64(validator_->public_key())).end_object();
  out.key("power").string("10").end_object().end_array();
  out.key("app_state").begin_object().key("format_version").integer(1).key("suite").integer(1);
  out.key("identity").begin_object().key("organisations").begin_array();
  out.begin_object().key("did").string(model::did_text(id_number('e', 0)));
  out.key("name").string("envelopes").key("type").integer(1).key("keys").begin_array();
  write_key(out, *envelope_, 7);
  out.end_array().end_object();
  for (std::size_t first = 0; first < signers_.size(); first += keys_per_organisation) {
    const std::size_t number = first / keys_per_organisation;
    out.begin_object().key("did").string(model::did_text(id_number('o', number)));
    out.key("name").string("organisation " + std::to_string(number));
    out.key("type").integer(1).key("keys").begin_array();
    for (std::size_t i = first; i < std::min(first + keys_per_organisation, signers_.size()); ++i) {
      write_key(out, signers_[i], 3);
    }
    out.end_array().end_object();
  }
  out.end_array().end_object().end_object().end_object();
  return must(model::read_genesis(view_of(out.take())));
}

Bytes LedgerFixture::sign(std::size_t signer, model::Message message) {
  model::Body body;
  body.network = network_;
  const crypto::SigningKey& key = signers_[signer];
  body.signers.push_back({model::key_id_of(key.algorithm(), key.public_key()), key.algorithm()});
  body.valid_until_ms = clock_.now_ms() + valid_ms;
  const model::Id nonce = id_number('n', made_++);
  body.nonce = nonce.bytes;
  body.messages.push_back(std::move(message));
  return model::sign_transaction(body, {&key});
}

void LedgerFixture::register_patients() {
  std::vector<Bytes> transactions;
  for (std::size_t first = 0; first < signers_.size(); first += keys_per_organisation) {
    const std::size_t number = first / keys_per_organisation;
    xinglin::identity::v1::RegisterPatient message;
    message.set_custodian(text(id_number('o', number).bytes));
    message.set_patient(text(id_number('p', number).bytes));
    transactions.push_back(sign(first, {1, 4, model::encode(message)}));
  }
  std::mutex mutex;
  std::condition_variable arrived;
  std::size_t missing = transactions.size();
  engine_->submit(std::move(transactions), [&](std::size_t, ordering::Outcome outcome) {
    if (!outcome.ok()) stop_process(outcome.error().text());
    if (outcome->status != 0) stop_process("status " + std::to_string(outcome->status));
    const std::scoped_lock lock(mutex);
    --missing;
    arrived.notify_one();
  });
  std::unique_lock lock(mutex);
  arrived.wait(lock, [&] { return missing == 0; });
}

std::vector<Bytes> LedgerFixture::make_anchors(std::size_t count) {
  std::vector<Bytes> out;
  out.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t signer = made_ % signers_.size();
    const model::Id record = id_number('r', made_);
    xinglin::records::v1::Anchor message;
    message.set_record(text(record.bytes));
    message.set_patient(text(id_number('p', signer / keys_per_organisation).bytes));
    message.set_version(1);
    Bytes digest{1};
    append(digest, crypto::sha256(record.bytes));
    message.set_commitment(text(digest));
    digest.back() ^= 1;
    message.set_ciphertext_digest(text(digest));
    out.push_back(sign(signer, {3, 1, model::encode(message)}));
  }
  return out;
}

}  // namespace xl::bench
