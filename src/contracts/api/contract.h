// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/json/json.h"
#include "base/result.h"
#include "crypto/suite.h"
#include "model/id.h"
#include "model/kv.h"

namespace xl::contracts {

/// 0: applied. Anything else is a numbered refusal of the contract, 2000..2999, never reused.
using StatusCode = std::uint16_t;
constexpr StatusCode applied = 0;

/// What a status number means, in both languages; the same shape as the error registry's entries.
using StatusInfo = ErrorInfo;

/// What a key may be used for. Bits, stored in state: never renumber.
enum Purpose : std::uint32_t {
  purpose_sign = 1,      ///< ordinary messages in the controller's name
  purpose_manage = 2,    ///< keys, guardians, delegations, consents
  purpose_envelope = 4,  ///< packing transactions for a member
  purpose_session = 8,   ///< made by a delegation: short-lived, limited to its message types
};

/// What a DID stands for. Stored in state: never renumber.
enum class PartyKind : std::uint8_t {
  organisation = 1,
  practitioner = 2,
  service = 3,
  patient = 4,
  guardian = 5,
};

/// A signer whose signature was verified and whose key was active at this position of the block.
/// `did` is the principal: for a session key the one who delegated.
struct Caller {
  Hash key_id{};
  crypto::Algorithm algorithm{};
  model::Id did;
  PartyKind kind{};
  std::uint32_t purposes = 0;
  /// Set for a session key: the delegation it acts under. `did` is then the delegator.
  bool delegated = false;
  model::Id via_organisation;  ///< organisation named by the delegation
};

/// Everything a message may know besides state. Time is the block's.
struct Context {
  std::uint64_t height = 0;
  std::uint64_t block_ms = 0;
  Hash network{};
  Hash transaction_id{};
  std::span<const Caller> callers;  ///< in the order of the body's signers

  /// The first caller that is `did`, undelegated unless `delegated_too`. Null when none signed.
  [[nodiscard]] const Caller* find_caller(const model::Id& did, bool delegated_too) const;
};

/// One attribute of an event. `key` is declared by the contract; values never hold health data.
struct EventAttribute {
  std::uint32_t key = 0;
  Bytes value;
};

/// What a message reports to indexes and subscribers.
struct Event {
  std::uint8_t contract = 0;
  std::uint16_t type = 0;
  std::vector<EventAttribute> attributes;
};

/// Collects the events of one message behind those of the messages before it. Not thread-safe.
class EventSink {
 public:
  explicit EventSink(std::uint8_t contract, std::vector<Event>& events)
      : contract_(contract), events_(events), first_(events.size()) {}
  /// Adds an event. Precondition: within `limits::events_per_message_max` and the attribute bounds.
  void emit(std::uint16_t type, std::vector<EventAttribute> attributes);

 private:
  std::uint8_t contract_;
  std::vector<Event>& events_;
  std::size_t first_;  ///< where the events of this message begin
};

/// One decoded, shape-checked message: the result of `Contract::check`.
class Command {
 public:
  virtual ~Command() = default;
  /// May it run, by what state says? Reads only. Returns `applied` or the reason.
  [[nodiscard]] virtual StatusCode authorize(const Context& context,
                                             const model::StateReader& state) const = 0;
  /// Does it. Called only after `authorize` returned `applied` on the same state.
  virtual void apply(const Context& context, model::StateWriter& state,
                     EventSink& events) const = 0;
};

/// What a block asks of the ordering engine, from the next heights on. The engine is told once the
/// block is final; `solo` serves networks whose genesis rules this out (formats-contracts.md §6).
struct EngineChanges {
  /// A validator and its new voting power; 0 takes it out.
  struct Power {
    Bytes public_key;  ///< 32 bytes, Ed25519
    std::uint64_t power = 0;
    bool operator==(const Power&) const = default;
  };
  std::vector<Power> validators;      ///< no key twice
  std::uint64_t block_bytes_max = 0;  ///< 0: as before
  std::uint64_t app_version = 0;      ///< 0: as before
};

/// The rules of one field of healthcare. Stateless: one object serves all threads.
class Contract {
 public:
  virtual ~Contract() = default;

  /// 1..127; leads every state key of the contract. Never renumber.
  [[nodiscard]] virtual std::uint8_t number() const = 0;
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// Every status the contract can return.
  [[nodiscard]] virtual std::span<const StatusInfo> statuses() const = 0;

  /// Decodes a payload and checks its shape: canonical form and bounds, no state.
  /// Errors: contract_unknown (no such type), message_malformed.
  [[nodiscard]] virtual Result<std::unique_ptr<Command>> check(std::uint16_t type,
                                                               ByteView payload) const = 0;

  /// Writes the contract's part of the genesis state from its section of the genesis document
  /// (null when the document has none). Errors: genesis_malformed.
  [[nodiscard]] virtual Status initialise(json::Value section, model::StateWriter& state) const = 0;

  /// One step of what is due at the end of a block that executed a transaction: what state says
  /// shall happen at this height or time. False when nothing is due, and then nothing was written.
  /// Called until then, at most `limits::block_end_steps_max` times in a block; the rest waits for
  /// the next one. `context` has no callers, `events` take what the step reports. `state` is not
  /// held to one contract: another one's keys are written through that contract's own functions. A
  /// step whose invariants break is undone.
  [[nodiscard]] virtual bool end_block(const Context& context, model::StateWriter& state,
                                       EventSink& events, EngineChanges& engine) const {
    (void)context;
    (void)state;
    (void)events;
    (void)engine;
    return false;
  }

  /// What must hold after any transaction that changed this contract's keys. `changes` holds those
  /// keys only, `after` is the state with them applied. False rolls the transaction back.
  [[nodiscard]] virtual bool invariants(const model::WriteSet& changes,
                                        const model::StateReader& before,
                                        const model::StateReader& after) const = 0;
};

/// A writer that lets a contract write under its own number only; reads go everywhere, because
/// another contract's state is read through that contract's `view.h`.
class OwnPrefixWriter final : public model::StateWriter {
 public:
  OwnPrefixWriter(std::uint8_t contract, model::StateWriter& below)
      : contract_(contract), below_(below) {}
  [[nodiscard]] bool get(ByteView key, Bytes& value) const override {
    return below_.get(key, value);
  }
  [[nodiscard]] bool view(ByteView key, const std::function<void(ByteView)>& use) const override {
    return below_.view(key, use);
  }
  void scan(ByteView prefix, ByteView from, std::uint32_t count_max,
            const std::function<bool(ByteView, ByteView)>& visit) const override {
    below_.scan(prefix, from, count_max, visit);
  }
  void put(ByteView key, ByteView value) override;
  void erase(ByteView key) override;

 private:
  std::uint8_t contract_;
  model::StateWriter& below_;
};

/// The contracts of this program by number.
class Registry {
 public:
  explicit Registry(std::vector<std::unique_ptr<Contract>> contracts);
  /// The contract, or null when the number is not taken.
  [[nodiscard]] const Contract* find(std::uint8_t number) const;
  /// All contracts, ascending by number.
  [[nodiscard]] const std::vector<std::unique_ptr<Contract>>& all() const { return contracts_; }

 private:
  std::vector<std::unique_ptr<Contract>> contracts_;
};

/// The contracts of this program (`registry.cpp` is the list), for those that add one of their own:
/// benchmarks that fill a state.
[[nodiscard]] std::vector<std::unique_ptr<Contract>> make_contracts();

/// Every contract of this program.
[[nodiscard]] Registry make_registry();

}  // namespace xl::contracts
