// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: whatever random hospitals, patients and attackers do, in whatever order, with clocks that
// jump and nodes that stop and start, the ledger applies what its rules say and nothing else, and
// the same seed gives the same ledger. Method: seeded random operations on a real solo ledger, each
// predicted by a small independent model; at the end a replay from the genesis is compared.
// Arguments: --seed N (printed; random when missing), --steps N (2000), --twice.
#include <unistd.h>

#include <cstdio>
#include <future>
#include <map>
#include <random>
#include <set>
#include <string_view>

#include "base/check.h"
#include "base/checked.h"
#include "base/json/writer.h"
#include "contracts/access/messages.pb.h"
#include "contracts/access/records.h"
#include "contracts/consent/messages.pb.h"
#include "contracts/consent/records.h"
#include "contracts/identity/messages.pb.h"
#include "contracts/identity/possession.h"
#include "contracts/identity/records.h"
#include "contracts/records/messages.pb.h"
#include "contracts/records/records.h"
#include "crypto/signature.h"
#include "model/canonical.h"
#include "model/receipt.h"
#include "node/tools/ledger_verify.h"
#include "ordering/solo/engine.h"

namespace xl::simulation {
namespace {

constexpr std::uint64_t start_ms = 1795219200000;  // 2026-11-21
constexpr std::size_t hospitals_count = 3;
constexpr std::uint64_t session_ms = 10 * 60 * 1000;

/// What the model expects of a transaction.
enum class Expected { applied, failed, rejected };

const char* text(Expected expected) {
  switch (expected) {
    case Expected::applied:
      return "applied";
    case Expected::failed:
      return "failed";
    case Expected::rejected:
      return "rejected";
  }
  return "";
}

std::string field(const model::Id& id) { return std::string(text_of(id.view())); }
std::string digest(char fill) { return std::string(1, '\x01') + std::string(32, fill); }

crypto::SigningKey key_of(std::uint64_t number) {
  Bytes secret(32, 0);
  Bytes digits;
  append_be(digits, number);
  std::copy(digits.begin(), digits.end(), secret.begin());
  secret[31] = 1;
  auto key = crypto::SigningKey::from_secret(crypto::Algorithm::ed25519, secret);
  XL_CHECK(key.ok());
  return std::move(*key);
}

struct Patient {
  model::Id did;
  std::size_t custodian = 0;
  std::uint64_t key = 0;  ///< number of its key, 0: unclaimed
};
struct Record {
  model::Id id;
  std::size_t patient = 0;
  std::uint32_t versions = 0;
};
struct Consent {
  model::Id id;
  std::size_t patient = 0;
  bool active = true;
};

/// A real ledger and the model of it.
class World {
 public:
  explicit World(std::uint64_t seed)
      : dice_(seed),
        folder_(std::filesystem::temp_directory_path() / ("xl-sim-" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(folder_);
    open();
  }
  ~World() {
    close();
    std::filesystem::remove_all(folder_);
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  void step() {
    const std::uint64_t choice = dice_() % 100;
    if (choice < 2) {
      close();
      open();
      ++restarts_;
      return;
    }
    if (choice < 6) {
      // Clocks drift, jump ahead, and are set back.
      const std::uint64_t by = dice_() % 120'000;
      clock_.set_ms(dice_() % 5 == 0 ? clock_.now_ms() - by / 4 : clock_.now_ms() + by);
      return;
    }
    clock_.advance_ms(1 + dice_() % 50);
    if (choice < 16) return register_patient();
    if (choice < 26) return claim();
    if (choice < 56) return anchor();
    if (choice < 70) return grant();
    if (choice < 78) return revoke();
    if (choice < 90) return open_session();
    attack();
  }

  /// Compares the store with an independent replay. The app hash at the end.
  Hash finish() {
    close();
    state::Database::Options options;
    options.create_if_missing = false;
    options.read_only = true;
    auto database = state::Database::open(folder_, options);
    XL_CHECK(database.ok());
    const auto report =
        node::verify_ledger(**database, registry_, genesis(), [](std::uint64_t, std::uint64_t) {});
    if (!report.ok()) stop_process(report.error().text());
    if (report->damage) stop_process(report->damage->record + ": " + report->damage->what);
    return report->app_hash;
  }

  void print(std::uint64_t seed) const {
    std::printf(
        "seed %llu: applied %zu, failed %zu, rejected %zu, restarts %zu, patients %zu, "
        "records %zu, consents %zu\n",
        static_cast<unsigned long long>(seed), counts_.at(Expected::applied),
        counts_.at(Expected::failed), counts_.at(Expected::rejected), restarts_, patients_.size(),
        records_.size(), consents_.size());
  }

 private:
  [[nodiscard]] std::string genesis_text() const {
    json::Writer out;
    out.begin_object().key("genesis_time").string("2026-11-21T00:00:00Z");
    out.key("chain_id").string("simulation").key("initial_height").string("1");
    out.key("consensus_params").begin_object().key("block").begin_object();
    out.key("max_bytes").string("4194304").key("max_gas").string("-1").end_object();
    out.key("version").begin_object().key("app").string("1").end_object().end_object();
    out.key("validators").begin_array().begin_object().key("pub_key").begin_object();
    out.key("type").string("tendermint/PubKeyEd25519");
    out.key("value").string(to_base64(validator_.public_key())).end_object();
    out.key("power").string("10").end_object().end_array();
    out.key("app_state").begin_object().key("format_version").integer(1).key("suite").integer(1);
    out.key("identity").begin_object().key("organisations").begin_array();
    for (std::size_t i = 0; i < hospitals_count; ++i) {
      out.begin_object().key("did").string(model::did_text(hospital(i)));
      out.key("name").string("Hospital " + std::to_string(i)).key("type").integer(1);
      out.key("keys").begin_array().begin_object().key("algorithm").integer(1);
      out.key("public_key").string(to_base64(hospital_key(i).public_key()));
      out.key("purposes").integer(7).end_object().end_array().end_object();
    }
    out.end_array().end_object().end_object().end_object();
    return out.take();
  }
  [[nodiscard]] model::Genesis genesis() const {
    auto read = model::read_genesis(view_of(genesis_text()));
    XL_CHECK(read.ok());
    return std::move(*read);
  }
  static model::Id hospital(std::size_t i) {
    model::Id id;
    id.bytes.fill(static_cast<std::uint8_t>(0xA0 + i));
    return id;
  }
  static crypto::SigningKey hospital_key(std::size_t i) { return key_of(10 + i); }

  void open() {
    auto database = state::Database::open(folder_, {});
    XL_CHECK(database.ok());
    database_ = std::move(*database);
    auto chain = chain::Chain::open(*database_, registry_, genesis());
    if (!chain.ok()) stop_process(chain.error().text());
    chain_ = std::move(*chain);
    ordering::solo::Options options;
    options.mark = folder_ / "signed";
    auto engine = ordering::solo::make_engine(*chain_, clock_, validator_, envelope_, options);
    XL_CHECK(engine.ok());
    engine_ = std::move(*engine);
    engine_->start();
  }
  void close() {
    engine_.reset();
    chain_.reset();
    database_.reset();
  }

  model::Id random_id() {
    model::Id id;
    for (std::uint8_t& byte : id.bytes) byte = static_cast<std::uint8_t>(dice_());
    id.bytes[0] |= 1;
    return id;
  }
  std::size_t any(std::size_t count) { return dice_() % count; }

  Bytes sign(std::uint8_t contract, std::uint16_t type, const google::protobuf::Message& message,
             const std::vector<crypto::SigningKey>& keys) {
    model::Body body;
    body.network = chain_->genesis().network;
    std::vector<const crypto::SigningKey*> signers;
    for (const crypto::SigningKey& key : keys) {
      signers.push_back(&key);
      body.signers.push_back(
          {model::key_id_of(key.algorithm(), key.public_key()), key.algorithm()});
    }
    body.valid_until_ms = std::max(clock_.now_ms(), block_ms_) + 60'000;
    body.nonce = random_id().bytes;
    body.messages.push_back({contract, type, model::encode(message)});
    return model::sign_transaction(body, signers);
  }

  /// Sends and compares with the prediction; a difference ends the simulation with its seed.
  void send(const Bytes& raw, Expected expected, std::string_view what) {
    std::promise<ordering::Outcome> answer;
    engine_->submit({raw}, [&](std::size_t, ordering::Outcome outcome) {
      answer.set_value(std::move(outcome));
    });
    const ordering::Outcome outcome = answer.get_future().get();
    const Expected found = !outcome.ok()          ? Expected::rejected
                           : outcome->status == 0 ? Expected::applied
                                                  : Expected::failed;
    if (found != expected) {
      stop_process(std::string(what) + " was " + text(found) + ", expected " + text(expected) +
                   ": " +
                   (outcome.ok() ? std::to_string(outcome->status) : outcome.error().text()));
    }
    ++counts_[found];
    if (found != Expected::rejected) {
      const auto receipt = chain_->receipt(outcome->transaction_id);
      if (!receipt.ok()) stop_process("no receipt: " + receipt.error().text());
      const Status proved = model::verify_receipt(*receipt, chain_->genesis());
      if (!proved.ok()) stop_process("a receipt does not verify: " + proved.error().text());
      block_ms_ = std::max(block_ms_, clock_.now_ms());
      last_ = raw;
    }
  }

  void register_patient() {
    Patient fresh{random_id(), any(hospitals_count), 0};
    const bool again = !patients_.empty() && any(6) == 0;
    if (again) fresh.did = patients_[any(patients_.size())].did;
    const std::size_t signer =
        any(8) == 0 ? (fresh.custodian + 1) % hospitals_count : fresh.custodian;
    xinglin::identity::v1::RegisterPatient message;
    message.set_custodian(field(hospital(fresh.custodian)));
    message.set_patient(field(fresh.did));
    const bool right = signer == fresh.custodian && !again;
    send(sign(contracts::identity::contract_number, contracts::identity::register_patient_type,
              message, keys(hospital_key(signer))),
         right ? Expected::applied : Expected::failed, "RegisterPatient");
    if (right) patients_.push_back(fresh);
  }

  void claim() {
    if (patients_.empty()) return;
    Patient& patient = patients_[any(patients_.size())];
    const std::uint64_t number = next_key_++;
    const crypto::SigningKey key = key_of(number);
    const bool stolen = any(10) == 0;  // the proof is by another key
    contracts::identity::KeyClaim shown{patient.did, key.algorithm(), key.public_key(), 3, 0, 0};
    xinglin::identity::v1::ClaimPatient message;
    message.set_patient(field(patient.did));
    auto* added = message.add_keys();
    added->set_algorithm(static_cast<std::uint32_t>(key.algorithm()));
    added->set_public_key(std::string(text_of(key.public_key())));
    added->set_purposes(3);
    const crypto::SigningKey prover = key_of(stolen ? number + 1'000'000 : number);
    const Bytes proof =
        prover.sign(contracts::identity::possession_bytes(chain_->genesis().network, shown));
    added->set_proof(std::string(text_of(proof)));
    message.set_evidence(digest('e'));
    const bool right = patient.key == 0 && !stolen;
    send(sign(contracts::identity::contract_number, contracts::identity::claim_patient_type,
              message, keys(hospital_key(patient.custodian))),
         right ? Expected::applied : Expected::failed, "ClaimPatient");
    if (right) patient.key = number;
  }

  void anchor() {
    if (patients_.empty()) return;
    const bool fresh = records_.empty() || any(2) == 0;
    Record record;
    if (fresh) {
      record = {random_id(), any(patients_.size()), 0};
    } else {
      record = records_[any(records_.size())];
    }
    const Patient& patient = patients_[record.patient];
    const bool gap = any(8) == 0;
    const std::size_t signer =
        any(10) == 0 ? (patient.custodian + 1) % hospitals_count : patient.custodian;
    xinglin::records::v1::Anchor message;
    message.set_record(field(record.id));
    message.set_patient(field(patient.did));
    message.set_version(record.versions + (gap ? 2 : 1));
    message.set_commitment(digest('c'));
    message.set_ciphertext_digest(digest('d'));
    const bool right = !gap && signer == patient.custodian;
    send(sign(contracts::records::contract_number, contracts::records::anchor_type, message,
              keys(hospital_key(signer))),
         right ? Expected::applied : Expected::failed, "Anchor");
    if (!right) return;
    ++record.versions;
    for (Record& known : records_) {
      if (known.id == record.id) known.versions = record.versions;
    }
    if (fresh) records_.push_back(record);
  }

  void grant() {
    if (patients_.empty()) return;
    const std::size_t which = any(patients_.size());
    const Patient& patient = patients_[which];
    const bool forged = patient.key == 0 || any(6) == 0;
    Consent consent{random_id(), which, true};
    xinglin::consent::v1::Grant message;
    message.set_consent(field(consent.id));
    message.set_patient(field(patient.did));
    message.set_commitment(digest('p'));
    send(sign(contracts::consent::contract_number, contracts::consent::grant_type, message,
              keys(forged ? hospital_key(patient.custodian) : key_of(patient.key))),
         forged ? Expected::failed : Expected::applied, "Grant");
    if (!forged) consents_.push_back(consent);
  }

  void revoke() {
    if (consents_.empty()) return;
    Consent& consent = consents_[any(consents_.size())];
    const Patient& patient = patients_[consent.patient];
    const bool forged = any(6) == 0;
    xinglin::consent::v1::Revoke message;
    message.set_consent(field(consent.id));
    const bool right = consent.active && !forged;
    send(sign(contracts::consent::contract_number, contracts::consent::revoke_type, message,
              keys(forged ? hospital_key(patient.custodian) : key_of(patient.key))),
         right ? Expected::applied : Expected::failed, "Revoke");
    if (right) consent.active = false;
  }

  void open_session() {
    if (consents_.empty()) return;
    const Consent& consent = consents_[any(consents_.size())];
    const Patient& patient = patients_[consent.patient];
    const std::size_t requester = (patient.custodian + any(hospitals_count)) % hospitals_count;
    const bool alone = any(6) == 0;
    xinglin::access::v1::OpenSession message;
    message.set_session(field(random_id()));
    message.set_requester(field(hospital(requester)));
    message.set_patient(field(patient.did));
    message.add_consents(field(consent.id));
    message.set_decision(digest('x'));
    message.set_ends_ms(std::max(clock_.now_ms(), block_ms_) + session_ms);
    std::vector<crypto::SigningKey> signers = keys(hospital_key(requester));
    const bool elsewhere = requester != patient.custodian;
    if (!alone && elsewhere) signers.push_back(hospital_key(patient.custodian));
    const bool right = elsewhere && !alone && consent.active && !seal_overdue(patient.custodian);
    send(sign(contracts::access::contract_number, contracts::access::open_session_type, message,
              signers),
         right ? Expected::applied : Expected::failed, "OpenSession");
    if (!right) return;
    unsealed_[patient.custodian].push_back(
        {*model::id_from_bytes(view_of(message.session())), message.ends_ms()});
    if (any(2) == 0) seal(patient.custodian);
  }

  /// A custodian that leaves a session unsealed five minutes behind its end opens no new one.
  bool seal_overdue(std::size_t custodian) {
    for (const auto& [id, ends_ms] : unsealed_[custodian]) {
      if (ends_ms + 5 * 60 * 1000 <= next_block_ms()) {
        seal(custodian);
        return false;  // sealed now: nothing is overdue any more
      }
    }
    return false;
  }

  void seal(std::size_t custodian) {
    for (const auto& [id, ends_ms] : unsealed_[custodian]) {
      xinglin::access::v1::SealSession message;
      message.set_session(field(id));
      message.set_root(digest('r'));
      send(sign(contracts::access::contract_number, contracts::access::seal_session_type, message,
                keys(hospital_key(custodian))),
           Expected::applied, "SealSession");
    }
    unsealed_[custodian].clear();
  }

  [[nodiscard]] std::uint64_t next_block_ms() const {
    return std::max(clock_.now_ms(), block_ms_) + 60'000;
  }

  /// What no honest client sends. Nothing of it is even executed.
  void attack() {
    switch (any(5)) {
      case 0:
        if (!last_.empty()) send(last_, Expected::rejected, "a replay");
        return;
      case 1: {
        Bytes altered = last_;
        if (altered.empty()) return;
        altered[any(altered.size())] ^= static_cast<std::uint8_t>(1U << any(8));
        return send(altered, Expected::rejected, "an altered transaction");
      }
      case 2: {
        Bytes noise(any(300));
        for (std::uint8_t& byte : noise) byte = static_cast<std::uint8_t>(dice_());
        return send(noise, Expected::rejected, "noise");
      }
      case 3: {
        xinglin::identity::v1::RegisterPatient message;
        message.set_custodian(field(hospital(0)));
        message.set_patient(field(random_id()));
        return send(
            sign(contracts::identity::contract_number, contracts::identity::register_patient_type,
                 message, keys(key_of(5'000'000 + any(1000)))),
            Expected::rejected, "a stranger's key");
      }
      default: {
        xinglin::identity::v1::RegisterPatient message;
        message.set_custodian(field(hospital(0)));
        Bytes raw =
            sign(contracts::identity::contract_number, contracts::identity::register_patient_type,
                 message, keys(hospital_key(0)));
        return send(raw, Expected::rejected, "a message without its patient");
      }
    }
  }

  static std::vector<crypto::SigningKey> keys(crypto::SigningKey one) {
    std::vector<crypto::SigningKey> out;
    out.push_back(std::move(one));
    return out;
  }

  std::mt19937_64 dice_;
  std::filesystem::path folder_;
  ManualClock clock_{start_ms};
  crypto::SigningKey validator_ = key_of(1);
  crypto::SigningKey envelope_ = hospital_key(0);
  contracts::Registry registry_ = contracts::make_registry();
  std::unique_ptr<state::Database> database_;
  std::unique_ptr<chain::Chain> chain_;
  std::unique_ptr<ordering::Engine> engine_;

  std::vector<Patient> patients_;
  std::vector<Record> records_;
  std::vector<Consent> consents_;
  std::map<std::size_t, std::vector<std::pair<model::Id, std::uint64_t>>> unsealed_;
  std::uint64_t next_key_ = 100;
  std::uint64_t block_ms_ = start_ms;
  Bytes last_;
  std::map<Expected, std::size_t> counts_{
      {Expected::applied, 0}, {Expected::failed, 0}, {Expected::rejected, 0}};
  std::size_t restarts_ = 0;
};

Hash run(std::uint64_t seed, std::uint64_t steps) {
  World world(seed);
  for (std::uint64_t i = 0; i < steps; ++i) world.step();
  const Hash out = world.finish();
  world.print(seed);
  return out;
}

}  // namespace
}  // namespace xl::simulation

int main(int argc, char** argv) {
  std::uint64_t seed = std::random_device()();
  std::uint64_t steps = 2000;
  bool twice = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const bool more = i + 1 < argc;
    if (argument == "--twice") {
      twice = true;
    } else if (argument == "--seed" && more && xl::parse_decimal(argv[i + 1], seed)) {
      ++i;
    } else if (argument == "--steps" && more && xl::parse_decimal(argv[i + 1], steps)) {
      ++i;
    } else {
      std::fprintf(stderr, "usage: solo_simulation [--seed N] [--steps N] [--twice]\n");
      return 2;
    }
  }
  std::printf("seed %llu, %llu steps\n", static_cast<unsigned long long>(seed),
              static_cast<unsigned long long>(steps));
  std::fflush(stdout);
  const xl::Hash first = xl::simulation::run(seed, steps);
  if (twice && xl::simulation::run(seed, steps) != first) {
    std::printf("the same seed gave another ledger\n");
    return 1;
  }
  std::printf("app hash %s\n", xl::to_hex(first).c_str());
  return 0;
}
