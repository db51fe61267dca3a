// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>

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

/// Ends the sessions in which a practitioner acts for an organisation beyond what it attests now.
void end_sessions_beyond(model::StateWriter& state, const model::Id& practitioner,
                         const model::Id& organisation, std::uint64_t block_ms) {
  const auto attestation = find_attestation(state, practitioner, organisation);
  XL_CHECK(attestation.has_value());
  const auto& roles = attestation->roles();
  for (const Hash& id : indexed_keys(state, practitioner, true)) {
    const auto session = find_key(state, id);
    XL_CHECK(session.has_value());
    if (id_of(session->delegation().organisation()) != organisation) continue;
    const auto& wanted = session->delegation().roles();
    const bool covered = is_active(*attestation, block_ms) &&
                         session->not_after_ms() <= attestation->valid_to_ms() &&
                         std::includes(roles.begin(), roles.end(), wanted.begin(), wanted.end());
    if (!covered) end_key(state, id, block_ms);
  }
}

class AttestPractitioner final : public Command {
 public:
  explicit AttestPractitioner(wire::AttestPractitioner message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const StatusCode may = require_organisation(context, state, id_of(message_.organisation()));
    if (may != applied) return may;
    const StatusCode period = check_period(context.block_ms);
    if (period != applied) return period;
    const bool licensed =
        std::any_of(message_.roles().begin(), message_.roles().end(),
                    [](std::uint32_t role) { return needs_licence(static_cast<Role>(role)); });
    if (licensed && message_.licence_type() == 0) return licence_missing;
    const model::Id practitioner = id_of(message_.practitioner());
    if (!find_party(state, practitioner)) {
      return admit_first_keys(context, state, practitioner, PartyKind::practitioner,
                              message_.keys());
    }
    const StatusCode known = require_kind(state, practitioner, PartyKind::practitioner);
    if (known != applied) return known;
    return message_.keys().empty() ? applied : keys_unexpected;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const model::Id practitioner = id_of(message_.practitioner());
    const model::Id organisation = id_of(message_.organisation());
    if (!find_party(state, practitioner)) {
      wire::PartyRecord party;
      party.set_kind(static_cast<std::uint32_t>(PartyKind::practitioner));
      register_party(context, state, events, practitioner, party, message_.keys());
    }
    wire::AttestationRecord attestation;
    *attestation.mutable_roles() = message_.roles();
    attestation.set_licence_type(message_.licence_type());
    attestation.set_licence_commitment(message_.licence_commitment());
    attestation.set_valid_from_ms(message_.valid_from_ms());
    attestation.set_valid_to_ms(message_.valid_to_ms());
    attestation.set_since_ms(context.block_ms);
    store_record(state, attestation_key(practitioner, organisation), attestation);
    end_sessions_beyond(state, practitioner, organisation, context.block_ms);
    events.emit(event::attested, {id_attribute(event::party_attribute, practitioner),
                                  id_attribute(event::organisation_attribute, organisation),
                                  number_attribute(event::time_attribute, message_.valid_to_ms())});
  }

 private:
  [[nodiscard]] StatusCode check_period(std::uint64_t block_ms) const {
    const std::uint64_t from = std::max(message_.valid_from_ms(), block_ms);
    const bool fits = message_.valid_to_ms() > from &&
                      message_.valid_to_ms() - block_ms <= limits::attestation_ms_max;
    return fits ? applied : period_refused;
  }

  wire::AttestPractitioner message_;
};

class RevokeAttestation final : public Command {
 public:
  explicit RevokeAttestation(wire::RevokeAttestation message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const model::Id organisation = id_of(message_.organisation());
    const StatusCode may = require_organisation(context, state, organisation);
    if (may != applied) return may;
    const auto attestation = find_attestation(state, id_of(message_.practitioner()), organisation);
    if (!attestation) return attestation_unknown;
    return attestation->revoked_at_ms() == 0 ? applied : attestation_ended;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const model::Id practitioner = id_of(message_.practitioner());
    const model::Id organisation = id_of(message_.organisation());
    auto attestation = find_attestation(state, practitioner, organisation);
    XL_CHECK(attestation.has_value());
    attestation->set_revoked_at_ms(std::max<std::uint64_t>(context.block_ms, 1));
    store_record(state, attestation_key(practitioner, organisation), *attestation);
    end_sessions_beyond(state, practitioner, organisation, context.block_ms);
    events.emit(event::attestation_ended,
                {id_attribute(event::party_attribute, practitioner),
                 id_attribute(event::organisation_attribute, organisation)});
  }

 private:
  wire::RevokeAttestation message_;
};

class RegisterService final : public Command {
 public:
  explicit RegisterService(wire::RegisterService message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const StatusCode may = require_organisation(context, state, id_of(message_.organisation()));
    if (may != applied) return may;
    const model::Id service = id_of(message_.service());
    if (find_party(state, service)) return party_exists;
    return admit_first_keys(context, state, service, PartyKind::service, message_.keys());
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    wire::PartyRecord party;
    party.set_kind(static_cast<std::uint32_t>(PartyKind::service));
    party.set_name(message_.name());
    party.set_custodian(message_.organisation());
    register_party(context, state, events, id_of(message_.service()), party, message_.keys());
  }

 private:
  wire::RegisterService message_;
};

}  // namespace

Result<std::unique_ptr<Command>> check_attest_practitioner(ByteView payload) {
  wire::AttestPractitioner message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.organisation(), "organisation"));
  XL_TRY(check_id(message.practitioner(), "practitioner"));
  XL_TRY(check_ascending(message.roles(), 1, limits::roles_max, role_max, "roles"));
  if (message.licence_type() > licence_type_max) return malformed("licence_type");
  if (message.licence_type() == 0) {
    if (!message.licence_commitment().empty()) return malformed("licence_commitment");
  } else {
    XL_TRY(check_digest(message.licence_commitment(), "licence_commitment"));
  }
  if (message.valid_to_ms() == 0) return malformed("valid_to_ms");
  XL_TRY(check_new_keys(message.keys(), 0));
  return std::unique_ptr<Command>(std::make_unique<AttestPractitioner>(std::move(message)));
}

Result<std::unique_ptr<Command>> check_revoke_attestation(ByteView payload) {
  wire::RevokeAttestation message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.organisation(), "organisation"));
  XL_TRY(check_id(message.practitioner(), "practitioner"));
  return std::unique_ptr<Command>(std::make_unique<RevokeAttestation>(std::move(message)));
}

Result<std::unique_ptr<Command>> check_register_service(ByteView payload) {
  wire::RegisterService message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.organisation(), "organisation"));
  XL_TRY(check_id(message.service(), "service"));
  if (message.name().empty() || message.name().size() > limits::name_bytes_max) {
    return malformed("name");
  }
  XL_TRY(check_new_keys(message.keys(), 1));
  return std::unique_ptr<Command>(std::make_unique<RegisterService>(std::move(message)));
}

}  // namespace xl::contracts::identity
