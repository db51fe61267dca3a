// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/api/event_values.h"
#include "contracts/api/shape.h"
#include "contracts/identity/authority.h"
#include "contracts/identity/events.h"
#include "contracts/identity/messages.h"
#include "contracts/identity/parties.h"
#include "contracts/identity/records.h"
#include "contracts/identity/status.h"
#include "model/limits.h"

namespace xl::contracts::identity {

namespace wire = xinglin::identity::v1;

namespace {

PartyKind kind_of(const model::StateReader& state, const model::Id& did) {
  const auto party = find_party(state, did);
  XL_CHECK(party.has_value());
  return static_cast<PartyKind>(party->kind());
}

/// May `key` become an own key of a party that exists? Sessions come by delegation alone.
StatusCode admit_own_key(const Context& context, const model::StateReader& state,
                         const model::Id& party, const wire::NewKey& key) {
  if ((key.purposes() & purpose_session) != 0) return key_purposes_refused;
  return admit_new_key(context, state, party, kind_of(state, party), key);
}

/// Is this a key of the party that is not revoked, and no session?
StatusCode require_own_key(const model::StateReader& state, const model::Id& party,
                           const Hash& key_id) {
  const auto key = find_key(state, key_id);
  if (!key || id_of(key->controller()) != party || key->has_delegation()) return key_unknown;
  return key->revoked_at_ms() == 0 ? applied : key_ended;
}

/// Services are managed by their organisation; all others keep a key that manages them.
bool needs_manager(const model::StateReader& state, const model::Id& party) {
  return kind_of(state, party) != PartyKind::service;
}

NewKeys one_key(const wire::NewKey& key) {
  NewKeys keys;
  *keys.Add() = key;
  return keys;
}

void emit_key(EventSink& events, std::uint16_t type, const model::Id& party, const Hash& key_id) {
  events.emit(type, {id_attribute(event::party_attribute, party),
                     bytes_attribute(event::key_attribute, key_id)});
}

class AddKey final : public Command {
 public:
  explicit AddKey(wire::AddKey message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const model::Id party = id_of(message_.party());
    const StatusCode may = require_manager(context, state, party);
    if (may != applied) return may;
    if (count_live(state, party, context.block_ms) >= limits::keys_live_max) {
      return keys_too_many;
    }
    return admit_own_key(context, state, party, message_.key());
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const model::Id party = id_of(message_.party());
    forget_expired(state, party, false, context.block_ms);
    add_keys(state, party, one_key(message_.key()));
    emit_key(events, event::key_added, party, id_of_new(message_.key()));
  }

 private:
  wire::AddKey message_;
};

class RotateKey final : public Command {
 public:
  explicit RotateKey(wire::RotateKey message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const model::Id party = id_of(message_.party());
    const StatusCode may = require_manager(context, state, party);
    if (may != applied) return may;
    const Hash old_key = key_id_of(message_.old_key());
    const StatusCode old = require_own_key(state, party, old_key);
    if (old != applied) return old;
    const StatusCode admitted = admit_own_key(context, state, party, message_.key());
    if (admitted != applied) return admitted;
    const bool managed = !needs_manager(state, party) || keeps_manager(state, party, old_key) ||
                         manages_for_good(record_of(party, message_.key()));
    return managed ? applied : last_manage_key;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const model::Id party = id_of(message_.party());
    const Hash old_key = key_id_of(message_.old_key());
    end_key(state, old_key, context.block_ms);
    forget_expired(state, party, false, context.block_ms);
    add_keys(state, party, one_key(message_.key()));
    emit_key(events, event::key_ended, party, old_key);
    emit_key(events, event::key_added, party, id_of_new(message_.key()));
  }

 private:
  wire::RotateKey message_;
};

class RevokeKey final : public Command {
 public:
  explicit RevokeKey(wire::RevokeKey message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const model::Id party = id_of(message_.party());
    const StatusCode may = require_manager(context, state, party);
    if (may != applied) return may;
    const Hash key = key_id_of(message_.key());
    const StatusCode own = require_own_key(state, party, key);
    if (own != applied) return own;
    const bool managed = !needs_manager(state, party) || keeps_manager(state, party, key);
    return managed ? applied : last_manage_key;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const Hash key = key_id_of(message_.key());
    end_key(state, key, context.block_ms);
    emit_key(events, event::key_ended, id_of(message_.party()), key);
  }

 private:
  wire::RevokeKey message_;
};

class SetAgreementKey final : public Command {
 public:
  explicit SetAgreementKey(wire::SetAgreementKey message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    return require_manager(context, state, id_of(message_.party()));
  }

  void apply(const Context&, model::StateWriter& state, EventSink& events) const override {
    const model::Id did = id_of(message_.party());
    auto party = find_party(state, did);
    XL_CHECK(party.has_value());
    party->set_agreement_key(message_.agreement_key());
    store_party(state, did, *party);
    events.emit(event::agreement_key_set, {id_attribute(event::party_attribute, did)});
  }

 private:
  wire::SetAgreementKey message_;
};

class Deactivate final : public Command {
 public:
  explicit Deactivate(wire::Deactivate message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const model::Id did = id_of(message_.party());
    const auto party = find_party(state, did);
    if (party && party->status() == static_cast<std::uint32_t>(PartyStatus::unclaimed)) {
      return require_organisation(context, state, custodian_of(*party));
    }
    const StatusCode may = require_manager(context, state, did);
    if (may != applied) return may;
    return kind_of(state, did) == PartyKind::organisation ? leaves_by_vote : applied;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    deactivate_party(context, state, events, id_of(message_.party()));
  }

 private:
  wire::Deactivate message_;
};

}  // namespace

Result<std::unique_ptr<Command>> check_add_key(ByteView payload) {
  wire::AddKey message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.party(), "party"));
  XL_TRY(check_new_key(message.key()));
  return std::unique_ptr<Command>(std::make_unique<AddKey>(std::move(message)));
}

Result<std::unique_ptr<Command>> check_rotate_key(ByteView payload) {
  wire::RotateKey message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.party(), "party"));
  XL_TRY(check_key_id(message.old_key(), "old_key"));
  XL_TRY(check_new_key(message.key()));
  return std::unique_ptr<Command>(std::make_unique<RotateKey>(std::move(message)));
}

Result<std::unique_ptr<Command>> check_revoke_key(ByteView payload) {
  wire::RevokeKey message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.party(), "party"));
  XL_TRY(check_key_id(message.key(), "key"));
  return std::unique_ptr<Command>(std::make_unique<RevokeKey>(std::move(message)));
}

Result<std::unique_ptr<Command>> check_set_agreement_key(ByteView payload) {
  wire::SetAgreementKey message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.party(), "party"));
  XL_TRY(check_agreement_key(message.agreement_key()));
  return std::unique_ptr<Command>(std::make_unique<SetAgreementKey>(std::move(message)));
}

Result<std::unique_ptr<Command>> check_deactivate(ByteView payload) {
  wire::Deactivate message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.party(), "party"));
  return std::unique_ptr<Command>(std::make_unique<Deactivate>(std::move(message)));
}

}  // namespace xl::contracts::identity
