// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>

#include "contracts/api/event_values.h"
#include "contracts/api/shape.h"
#include "contracts/api/time.h"
#include "contracts/identity/authority.h"
#include "contracts/identity/events.h"
#include "contracts/identity/keys.h"
#include "contracts/identity/messages.h"
#include "contracts/identity/records.h"
#include "contracts/identity/status.h"
#include "model/limits.h"

namespace xl::contracts::identity {

namespace wire = xinglin::identity::v1;

namespace {

/// Contracts none of whose messages a session key may send: who someone is, who votes, and what a
/// patient agrees to are decided with the own key (identity, governance, consent).
constexpr std::uint32_t undelegable_contracts[] = {1, 2, 4};

bool is_delegable(std::uint32_t message_type) {
  const std::uint32_t contract = message_type >> 16;
  const bool listed = std::find(std::begin(undelegable_contracts), std::end(undelegable_contracts),
                                contract) != std::end(undelegable_contracts);
  return !listed && contract >= 1 && contract <= 127 && (message_type & 0xffff) != 0;
}

/// The first caller that is `did` itself and may manage it. Precondition: `require_signed` passed.
const Caller* managing_caller(const Context& context, const model::Id& did) {
  for (const Caller& caller : context.callers) {
    const bool manages = !caller.delegated && (caller.purposes & purpose_manage) != 0;
    if (caller.did == did && manages) return &caller;
  }
  return nullptr;
}

void emit_ended(EventSink& events, const model::Id& party, const Hash& session) {
  events.emit(event::delegation_ended, {id_attribute(event::party_attribute, party),
                                        bytes_attribute(event::key_attribute, session)});
}

class Delegate final : public Command {
 public:
  explicit Delegate(wire::Delegate message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const model::Id delegator = id_of(message_.delegator());
    const StatusCode may = require_manager(context, state, delegator);
    if (may != applied) return may;
    const StatusCode through = check_organisation(context, state, delegator);
    if (through != applied) return through;
    if (!std::all_of(message_.message_types().begin(), message_.message_types().end(),
                     is_delegable)) {
      return type_not_delegable;
    }
    if (!check_period(context, state, delegator)) return period_refused;
    return admit_new_key(context, state, delegator, PartyKind::patient, message_.key());
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const model::Id delegator = id_of(message_.delegator());
    const Caller* signer = managing_caller(context, delegator);
    XL_CHECK(signer != nullptr);
    forget_expired(state, delegator, true, context.block_ms);
    make_room(context, state, delegator, events);
    wire::KeyRecord key = record_of(delegator, message_.key());
    wire::DelegationTerms* terms = key.mutable_delegation();
    terms->set_organisation(message_.organisation());
    *terms->mutable_roles() = message_.roles();
    *terms->mutable_message_types() = message_.message_types();
    terms->set_delegator_key(signer->key_id.data(), signer->key_id.size());
    const Hash key_id = id_of_new(message_.key());
    store_key(state, key_id, key);
    events.emit(event::delegated,
                {id_attribute(event::party_attribute, delegator),
                 bytes_attribute(event::organisation_attribute, view_of(message_.organisation())),
                 bytes_attribute(event::key_attribute, key_id),
                 number_attribute(event::time_attribute, message_.key().not_after_ms())});
  }

 private:
  /// The organisation attests a practitioner's roles, or is the custodian of the delegator.
  [[nodiscard]] StatusCode check_organisation(const Context& context,
                                              const model::StateReader& state,
                                              const model::Id& delegator) const {
    const auto party = find_party(state, delegator);
    const model::Id organisation = id_of(message_.organisation());
    switch (static_cast<PartyKind>(party->kind())) {
      case PartyKind::practitioner:
        if (message_.roles().empty()) return role_not_attested;
        for (const std::uint32_t role : message_.roles()) {
          if (!is_attested(state, delegator, organisation, static_cast<Role>(role),
                           context.block_ms)) {
            return role_not_attested;
          }
        }
        return applied;
      case PartyKind::patient:
      case PartyKind::guardian:
        if (!message_.roles().empty()) return role_not_attested;
        return custodian_of(*party) == organisation ? applied : organisation_wrong;
      case PartyKind::organisation:
      case PartyKind::service:
        break;
    }
    return party_wrong_kind;
  }

  /// A party at its bound of sessions loses the one with the least time left, so that nobody is
  /// ever shut out by sessions they opened before. Precondition: expired ones are forgotten.
  static void make_room(const Context& context, model::StateWriter& state,
                        const model::Id& delegator, EventSink& events) {
    const std::vector<Hash> sessions = indexed_keys(state, delegator, true);
    if (sessions.size() < limits::sessions_live_max) return;
    const auto end_of = [&](const Hash& id) {
      const auto key = find_key(state, id);
      XL_CHECK(key.has_value());
      return key->not_after_ms();
    };
    const Hash first =
        *std::min_element(sessions.begin(), sessions.end(),
                          [&](const Hash& a, const Hash& b) { return end_of(a) < end_of(b); });
    end_key(state, first, context.block_ms);
    emit_ended(events, delegator, first);
  }

  /// Ends within bounds, and not after the key that signs it or the attestation behind it.
  [[nodiscard]] bool check_period(const Context& context, const model::StateReader& state,
                                  const model::Id& delegator) const {
    const std::uint64_t until = message_.key().not_after_ms();
    if (until <= context.block_ms || until - context.block_ms > limits::delegation_ms_max) {
      return false;
    }
    const auto signing = find_key(state, managing_caller(context, delegator)->key_id);
    XL_CHECK(signing.has_value());
    if (signing->not_after_ms() != 0 && until > signing->not_after_ms()) return false;
    const auto attestation = find_attestation(state, delegator, id_of(message_.organisation()));
    return !attestation || until <= attestation->valid_to_ms();
  }

  wire::Delegate message_;
};

class EndDelegation final : public Command {
 public:
  explicit EndDelegation(wire::EndDelegation message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const auto key = find_key(state, key_id_of(message_.key()));
    if (!key || !key->has_delegation()) return key_unknown;
    const StatusCode own = require_signed(context, id_of(key->controller()), purpose_manage);
    const model::Id organisation = id_of(key->delegation().organisation());
    if (own != applied && require_signed(context, organisation, purpose_manage) != applied) {
      return own;
    }
    const bool over =
        key->revoked_at_ms() != 0 || end_reached(key->not_after_ms(), context.block_ms);
    return over ? delegation_ended : applied;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const Hash key_id = key_id_of(message_.key());
    const auto key = find_key(state, key_id);
    XL_CHECK(key.has_value());
    end_key(state, key_id, context.block_ms);
    emit_ended(events, id_of(key->controller()), key_id);
  }

 private:
  wire::EndDelegation message_;
};

}  // namespace

Result<std::unique_ptr<Command>> check_delegate(ByteView payload) {
  wire::Delegate message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.delegator(), "delegator"));
  XL_TRY(check_new_key(message.key()));
  const bool session = message.key().purposes() == purpose_session &&
                       message.key().not_before_ms() == 0 && message.key().not_after_ms() != 0;
  if (!session) return malformed("key");
  XL_TRY(check_id(message.organisation(), "organisation"));
  XL_TRY(check_ascending(message.roles(), 0, limits::roles_max, role_max, "roles"));
  XL_TRY(check_ascending(message.message_types(), 1, limits::delegated_types_max, UINT32_MAX,
                         "message_types"));
  return std::unique_ptr<Command>(std::make_unique<Delegate>(std::move(message)));
}

Result<std::unique_ptr<Command>> check_end_delegation(ByteView payload) {
  wire::EndDelegation message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_key_id(message.key(), "key"));
  return std::unique_ptr<Command>(std::make_unique<EndDelegation>(std::move(message)));
}

}  // namespace xl::contracts::identity
