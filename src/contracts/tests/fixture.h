// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/json/json.h"
#include "base/json/writer.h"
#include "contracts/api/contract.h"
#include "contracts/identity/messages.pb.h"
#include "contracts/identity/possession.h"
#include "contracts/identity/records.h"
#include "crypto/hash.h"
#include "crypto/signature.h"
#include "model/canonical.h"
#include "model/limits.h"

/// A ledger of one process for tests of contracts: messages go through check, authorize, apply and
/// invariants exactly as in execution, with callers resolved from stored keys as in verification.
namespace xl::contracts::testing {

/// Answers of `Ledger::send` that are no status of a contract: what verification would reject.
constexpr StatusCode malformed_message = 1;
constexpr StatusCode unknown_key = 2;
constexpr StatusCode inactive_key = 3;
constexpr StatusCode exceeded_delegation = 4;
constexpr StatusCode broken_invariant = 5;

constexpr std::uint32_t sign_and_manage = purpose_sign | purpose_manage;
constexpr std::uint64_t minute_ms = 60 * 1000;
constexpr std::uint64_t hour_ms = 60 * minute_ms;
constexpr std::uint64_t day_ms = 24 * hour_ms;

/// State without anything below it.
class EmptyState final : public model::StateReader {
 public:
  [[nodiscard]] bool get(ByteView, Bytes&) const override { return false; }
  void scan(ByteView, ByteView, std::uint32_t,
            const std::function<bool(ByteView, ByteView)>&) const override {}
};

/// A key pair of a test, the same for the same name in every run.
struct Key {
  crypto::SigningKey signing;
  Hash id{};
};

/// The key called `name`.
inline const Key& key(const std::string& name) {
  static std::map<std::string, Key> keys;
  auto found = keys.find(name);
  if (found == keys.end()) {
    const Hash secret = crypto::sha256(view_of("key of " + name));
    auto made = crypto::SigningKey::from_secret(crypto::Algorithm::ed25519, secret);
    XL_CHECK(made.ok());
    const Hash id = model::key_id_of(made->algorithm(), made->public_key());
    found = keys.emplace(name, Key{std::move(*made), id}).first;
  }
  return found->second;
}

/// The id called `name`.
inline model::Id id(const std::string& name) {
  const Hash digest = crypto::sha256(view_of("id of " + name));
  model::Id out;
  std::copy_n(digest.begin(), out.bytes.size(), out.bytes.begin());
  return out;
}

/// An id as messages carry it.
inline std::string field(const model::Id& value) { return std::string(text_of(value.view())); }
inline std::string field(const std::string& name) { return field(id(name)); }
inline std::string field(const Hash& value) { return std::string(text_of(value)); }

/// A 33-byte digest, the same for the same name.
inline std::string digest(const std::string& name) {
  return std::string(1, '\x01') + field(crypto::sha256(view_of("digest of " + name)));
}

/// One message on its way.
struct Sent {
  std::uint8_t contract = 0;
  std::uint16_t type = 0;
  Bytes payload;
};

inline Sent message(std::uint8_t contract, std::uint16_t type,
                    const google::protobuf::Message& content) {
  return {contract, type, model::encode(content)};
}

using Signers = std::vector<std::string>;

class Ledger {
 public:
  /// Two hospitals ("north", "south") and an insurer ("insurer"), each with a key of its own name
  /// for everything, from a genesis document. They are the members, with a weight of 1 and a
  /// validator ("validator of north") of power 10 each.
  Ledger() {
    network.fill(7);
    auto document = json::parse(genesis(), {});
    XL_CHECK(document.ok());
    model::Overlay changes(base_);
    for (const auto& contract : registry_->all()) {
      OwnPrefixWriter writer(contract->number(), changes);
      XL_CHECK(contract->initialise(document->root().find(contract->name()), writer).ok());
    }
    state_ = std::make_unique<model::Overlay>(base_);
    state_->absorb(changes);
  }

  /// A copy that goes its own way.
  Ledger(const Ledger& other)
      : block_ms(other.block_ms), height(other.height), network(other.network) {
    state_ = std::make_unique<model::Overlay>(base_);
    for (const auto& [key, value] : other.state_->writes()) {
      if (value) {
        state_->put(key, *value);
      } else {
        state_->erase(key);
      }
    }
  }
  Ledger& operator=(const Ledger&) = delete;

  /// Runs one transaction and returns its status, or what verification would have said.
  StatusCode send(const std::vector<Sent>& messages, const Signers& signers) {
    ++transactions_;
    events.clear();
    std::vector<std::unique_ptr<Command>> commands;
    for (const Sent& one : messages) {
      auto command = registry_->find(one.contract)->check(one.type, one.payload);
      if (!command.ok()) return malformed_message;
      commands.push_back(std::move(*command));
    }
    std::vector<Caller> callers;
    const StatusCode admitted = admit(messages, signers, callers);
    if (admitted != applied) return admitted;
    Context context{height, block_ms, network, {}, callers};
    context.transaction_id = crypto::sha256(view_of(std::to_string(transactions_)));
    model::Overlay changes(state());
    std::vector<Event> emitted;
    for (std::size_t i = 0; i < commands.size(); ++i) {
      const StatusCode status = commands[i]->authorize(context, changes);
      if (status != applied) return status;
      OwnPrefixWriter writer(messages[i].contract, changes);
      EventSink sink(messages[i].contract, emitted);
      commands[i]->apply(context, writer, sink);
    }
    EXPECT_LE(changes.writes().size(), limits::writes_max);
    for (const auto& contract : registry_->all()) {
      const Bytes first{contract->number()};
      const Bytes behind{static_cast<std::uint8_t>(contract->number() + 1)};
      const model::WriteSet own = changes.writes().range(first, behind);
      if (!own.empty() && !contract->invariants(own, *state_, changes)) return broken_invariant;
    }
    state_->absorb(changes);
    events = std::move(emitted);
    return applied;
  }

  StatusCode send(const Sent& one, const Signers& signers) {
    return send(std::vector<Sent>{one}, signers);
  }
  StatusCode send(std::uint8_t contract, std::uint16_t type,
                  const google::protobuf::Message& content, const Signers& signers) {
    return send(message(contract, type, content), signers);
  }

  /// The end of a block, as execution has it: every contract does what is due. The next block is
  /// one height up.
  EngineChanges end_block() {
    events_.clear();
    const Context context{height, block_ms, network, {}, {}};
    EngineChanges engine;
    for (const auto& contract : registry_->all()) {
      for (std::uint32_t step = 0; step < limits::block_end_steps_max; ++step) {
        model::Overlay changes(state());
        EventSink sink(contract->number(), events_);
        if (!contract->end_block(context, changes, sink, engine)) break;
        for (const auto& one : registry_->all()) {
          const Bytes first{one->number()};
          const Bytes behind{static_cast<std::uint8_t>(one->number() + 1)};
          const model::WriteSet own = changes.writes().range(first, behind);
          EXPECT_TRUE(own.empty() || one->invariants(own, *state_, changes));
        }
        state_->absorb(changes);
      }
    }
    ++height;
    return engine;
  }

  /// What the last `end_block` reported.
  [[nodiscard]] const std::vector<Event>& end_events() const { return events_; }

  [[nodiscard]] const model::StateReader& state() const { return *state_; }
  [[nodiscard]] model::Overlay& writable() { return *state_; }
  [[nodiscard]] const Registry& registry() const { return *registry_; }

  /// A key to register for `party`, with its proof.
  [[nodiscard]] xinglin::identity::v1::NewKey new_key(const std::string& name,
                                                      const model::Id& party,
                                                      std::uint32_t purposes,
                                                      std::uint64_t not_after_ms = 0,
                                                      std::uint64_t not_before_ms = 0) const {
    const Key& pair = key(name);
    identity::KeyClaim claim;
    claim.party = party;
    claim.algorithm = pair.signing.algorithm();
    claim.public_key = pair.signing.public_key();
    claim.purposes = purposes;
    claim.not_before_ms = not_before_ms;
    claim.not_after_ms = not_after_ms;
    const Bytes proof = pair.signing.sign(identity::possession_bytes(network, claim));
    xinglin::identity::v1::NewKey out;
    out.set_algorithm(static_cast<std::uint32_t>(claim.algorithm));
    out.set_public_key(claim.public_key.data(), claim.public_key.size());
    out.set_purposes(purposes);
    out.set_not_before_ms(not_before_ms);
    out.set_not_after_ms(not_after_ms);
    out.set_proof(proof.data(), proof.size());
    return out;
  }

  /// Attests a practitioner called `name` with the key of that name.
  StatusCode attest(const std::string& name, const std::string& organisation,
                    const std::vector<identity::Role>& roles, std::uint64_t until_ms = 0) {
    xinglin::identity::v1::AttestPractitioner out;
    out.set_organisation(field(organisation));
    out.set_practitioner(field(name));
    for (const identity::Role role : roles) out.add_roles(static_cast<std::uint32_t>(role));
    out.set_licence_type(1);
    out.set_licence_commitment(digest("licence of " + name));
    out.set_valid_to_ms(until_ms != 0 ? until_ms : block_ms + 365 * day_ms);
    if (!identity::find_party(state(), id(name))) {
      *out.add_keys() = new_key(name, id(name), sign_and_manage);
    }
    return send(identity::contract_number, identity::attest_practitioner_type, out, {organisation});
  }

  /// Registers a patient called `name` at `custodian`, unclaimed.
  StatusCode register_patient(const std::string& name, const std::string& custodian) {
    xinglin::identity::v1::RegisterPatient out;
    out.set_custodian(field(custodian));
    out.set_patient(field(name));
    return send(identity::contract_number, identity::register_patient_type, out, {custodian});
  }

  /// Registers a patient and hands it to the key of its name.
  StatusCode claimed_patient(const std::string& name, const std::string& custodian) {
    const StatusCode registered = register_patient(name, custodian);
    if (registered != applied) return registered;
    xinglin::identity::v1::ClaimPatient out;
    out.set_patient(field(name));
    *out.add_keys() = new_key(name, id(name), sign_and_manage);
    out.set_agreement_key(std::string(32, 'x'));
    out.set_evidence(digest("identified " + name));
    return send(identity::contract_number, identity::claim_patient_type, out, {custodian});
  }

  /// The ward appoints a guardian with the key of its name, or the custodian does it.
  StatusCode appoint(const std::string& guardian, const std::string& ward,
                     const std::string& signer, std::uint32_t powers, std::uint64_t until_ms) {
    xinglin::identity::v1::AppointGuardian out;
    out.set_ward(field(ward));
    out.set_guardian(field(guardian));
    out.set_powers(powers);
    out.set_until_ms(until_ms);
    out.set_evidence(digest("guardianship"));
    *out.add_keys() = new_key(guardian, id(guardian), sign_and_manage);
    return send(identity::contract_number, identity::appoint_guardian_type, out, {signer});
  }

  /// Ends a key of a party, signed by `signer`.
  StatusCode revoke_key(const std::string& party, const std::string& name,
                        const std::string& signer) {
    xinglin::identity::v1::RevokeKey out;
    out.set_party(field(party));
    out.set_key(field(key(name).id));
    return send(identity::contract_number, identity::revoke_key_type, out, {signer});
  }

  /// Adds a key called `name` to a party.
  StatusCode add_key(const std::string& party, const std::string& name, std::uint32_t purposes,
                     const std::string& signer, std::uint64_t not_after_ms = 0) {
    xinglin::identity::v1::AddKey out;
    out.set_party(field(party));
    *out.mutable_key() = new_key(name, id(party), purposes, not_after_ms);
    return send(identity::contract_number, identity::add_key_type, out, {signer});
  }

  /// A session key called `name` by which `delegator` sends messages of the given types.
  StatusCode delegate(const std::string& delegator, const std::string& name,
                      const std::string& organisation, const std::vector<identity::Role>& roles,
                      const std::vector<std::uint32_t>& types,
                      std::uint64_t lifetime_ms = hour_ms) {
    xinglin::identity::v1::Delegate out;
    out.set_delegator(field(delegator));
    *out.mutable_key() = new_key(name, id(delegator), purpose_session, block_ms + lifetime_ms);
    out.set_organisation(field(organisation));
    for (const identity::Role role : roles) out.add_roles(static_cast<std::uint32_t>(role));
    for (const std::uint32_t type : types) out.add_message_types(type);
    return send(identity::contract_number, identity::delegate_type, out, {delegator});
  }

  std::uint64_t block_ms = 1'800'000'000'000;
  std::uint64_t height = 10'000;
  Hash network{};
  std::vector<Event> events;  ///< of the last applied transaction

 private:
  static std::string genesis() {
    json::Writer out;
    out.begin_object().key("identity").begin_object().key("organisations").begin_array();
    for (const char* name : {"north", "south", "insurer"}) {
      out.begin_object().key("did").string(model::did_text(id(name)));
      out.key("name").string(std::string("Test ") + name).key("type").integer(1);
      out.key("keys").begin_array().begin_object().key("algorithm").integer(1);
      out.key("public_key").string(to_base64(key(name).signing.public_key()));
      out.key("purposes").integer(7).end_object().end_array().end_object();
    }
    out.end_array().end_object().key("governance").begin_object().key("members").begin_array();
    for (const char* name : {"north", "south", "insurer"}) {
      const Bytes validator = key(std::string("validator of ") + name).signing.public_key();
      out.begin_object().key("organisation").string(model::did_text(id(name)));
      out.key("weight").integer(1).key("power").integer(10);
      out.key("validator_key").string(to_base64(validator));
      out.key("peer_id").string(to_hex(ByteView(crypto::sha256(validator)).first(20)));
      out.key("address").string(std::string(name) + ".example:26656").end_object();
    }
    out.end_array().end_object().end_object();
    return out.take();
  }

  /// As verification: each signer's key is known, active, and within its delegation.
  StatusCode admit(const std::vector<Sent>& messages, const Signers& signers,
                   std::vector<Caller>& callers) const {
    for (const std::string& name : signers) {
      const auto stored = identity::find_key(*state_, key(name).id);
      if (!stored) return unknown_key;
      if (!identity::is_active(*stored, block_ms)) return inactive_key;
      for (const Sent& one : messages) {
        if (!identity::may_send(*stored, one.contract, one.type)) return exceeded_delegation;
      }
      callers.push_back(identity::caller_of(*state_, key(name).id, *stored));
    }
    return applied;
  }

  EmptyState base_;
  std::unique_ptr<Registry> registry_ = std::make_unique<Registry>(make_registry());
  std::unique_ptr<model::Overlay> state_;
  std::vector<Event> events_;
  std::uint64_t transactions_ = 0;
};

/// One row of a status table: what happens on a fresh ledger, and the answer.
struct StatusCase {
  std::string what;
  StatusCode expected = applied;
  std::function<StatusCode(Ledger&)> run;
};

/// Runs every row on a copy of `start` and expects its status; then that every status of the
/// contract was reached at least once.
inline void expect_statuses(const Ledger& start, std::uint8_t contract,
                            const std::vector<StatusCase>& cases) {
  std::set<StatusCode> reached;
  for (const StatusCase& one : cases) {
    Ledger ledger(start);
    const StatusCode status = one.run(ledger);
    EXPECT_EQ(status, one.expected) << one.what;
    reached.insert(status);
  }
  for (const StatusInfo& info : start.registry().find(contract)->statuses()) {
    EXPECT_TRUE(reached.contains(info.number)) << "never reached: " << info.name;
  }
}

/// The table itself is sound: ascending, within the contract's hundred, all texts there.
inline void expect_sound_statuses(const Contract& contract) {
  std::uint16_t before = 0;
  for (const StatusInfo& info : contract.statuses()) {
    EXPECT_GT(info.number, before) << info.name;
    EXPECT_EQ(info.number / 100, 20 + contract.number()) << info.name;
    for (const std::string_view text : {info.name, info.en, info.en_fix, info.zh, info.zh_fix}) {
      EXPECT_FALSE(text.empty()) << info.number;
    }
    before = info.number;
  }
}

}  // namespace xl::contracts::testing
