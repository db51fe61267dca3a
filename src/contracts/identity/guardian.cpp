// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>

#include "base/checked.h"
#include "contracts/api/event_values.h"
#include "contracts/api/shape.h"
#include "contracts/api/time.h"
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

constexpr std::uint32_t powers_known = power_consent | power_recovery;

wire::GuardianRecord guardianship_of(const model::StateReader& state, const model::Id& guardian) {
  wire::GuardianRecord record;
  XL_CHECK(load_record(state, guardian_key(guardian), record));
  return record;
}

bool is_unclaimed(const wire::PartyRecord& party) {
  return party.status() == static_cast<std::uint32_t>(PartyStatus::unclaimed);
}

class AppointGuardian final : public Command {
 public:
  explicit AppointGuardian(wire::AppointGuardian message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const model::Id ward = id_of(message_.ward());
    const StatusCode known = require_kind(state, ward, PartyKind::patient);
    if (known != applied) return known;
    const StatusCode may = check_signer(context, state, ward);
    if (may != applied) return may;
    const model::Id guardian = id_of(message_.guardian());
    if (find_party(state, guardian)) return party_exists;
    const std::uint64_t starts_ms = start_of(context, state, ward);
    const bool fits = message_.until_ms() > starts_ms &&
                      message_.until_ms() - context.block_ms <= limits::guardianship_ms_max;
    if (!fits || message_.until_ms() <= context.block_ms) return period_refused;
    if (count_guardians(state, ward, context.block_ms) >= limits::guardians_live_max) {
      return guardians_too_many;
    }
    return admit_first_keys(context, state, guardian, PartyKind::guardian, message_.keys());
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const model::Id ward = id_of(message_.ward());
    const model::Id guardian = id_of(message_.guardian());
    wire::GuardianRecord record;
    record.set_ward(message_.ward());
    record.set_powers(message_.powers());
    record.set_starts_ms(start_of(context, state, ward));
    record.set_until_ms(message_.until_ms());
    record.set_evidence(message_.evidence());
    forget_ended(state, ward, context.block_ms);
    store_record(state, guardian_key(guardian), record);
    state.put(ward_index_key(ward, guardian), index_value);
    wire::PartyRecord party;
    party.set_kind(static_cast<std::uint32_t>(PartyKind::guardian));
    party.set_custodian(find_party(state, ward)->custodian());
    register_party(context, state, events, guardian, party, message_.keys());
    events.emit(event::guardian_appointed,
                {id_attribute(event::party_attribute, guardian),
                 number_attribute(event::time_attribute, record.starts_ms()),
                 id_attribute(event::ward_attribute, ward)});
  }

 private:
  /// The ward appoints for itself; the custodian on evidence.
  [[nodiscard]] StatusCode check_signer(const Context& context, const model::StateReader& state,
                                        const model::Id& ward) const {
    const StatusCode own = require_signed(context, ward, purpose_manage);
    if (own == applied) return applied;
    const StatusCode custodian =
        require_organisation(context, state, custodian_of(*find_party(state, ward)));
    if (custodian != applied) return own == not_signed_by_party ? custodian : own;
    return message_.evidence().empty() ? evidence_missing : applied;
  }

  /// A claimed ward has time to object to a guardian it did not appoint itself.
  [[nodiscard]] std::uint64_t start_of(const Context& context, const model::StateReader& state,
                                       const model::Id& ward) const {
    const bool at_once = is_unclaimed(*find_party(state, ward)) ||
                         require_signed(context, ward, purpose_manage) == applied;
    return at_once ? 0 : saturating_add(context.block_ms, limits::recovery_wait_ms_min);
  }

  [[nodiscard]] static std::uint32_t count_guardians(const model::StateReader& state,
                                                     const model::Id& ward,
                                                     std::uint64_t block_ms) {
    std::uint32_t count = 0;
    for (const model::Id& guardian : guardians_of(state, ward)) {
      if (!end_reached(guardianship_of(state, guardian).until_ms(), block_ms)) ++count;
    }
    return count;
  }

  static void forget_ended(model::StateWriter& state, const model::Id& ward,
                           std::uint64_t block_ms) {
    for (const model::Id& guardian : guardians_of(state, ward)) {
      if (end_reached(guardianship_of(state, guardian).until_ms(), block_ms)) {
        state.erase(ward_index_key(ward, guardian));
      }
    }
  }

  wire::AppointGuardian message_;
};

class EndGuardianship final : public Command {
 public:
  explicit EndGuardianship(wire::EndGuardianship message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const model::Id guardian = id_of(message_.guardian());
    const auto party = find_party(state, guardian);
    if (!party) return party_unknown;
    if (party->kind() != static_cast<std::uint32_t>(PartyKind::guardian)) return party_wrong_kind;
    const wire::GuardianRecord record = guardianship_of(state, guardian);
    const StatusCode own = require_signed(context, guardian, purpose_manage);
    const StatusCode ward = require_signed(context, id_of(record.ward()), purpose_manage);
    const StatusCode custodian = require_signed(context, custodian_of(*party), purpose_manage);
    if (own != applied && ward != applied && custodian != applied) {
      return std::max({own, ward, custodian});  // the most telling of the three
    }
    const bool over = record.ended_at_ms() != 0 ||
                      party->status() == static_cast<std::uint32_t>(PartyStatus::deactivated);
    return over ? guardianship_ended : applied;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const model::Id guardian = id_of(message_.guardian());
    wire::GuardianRecord record = guardianship_of(state, guardian);
    record.set_ended_at_ms(std::max<std::uint64_t>(context.block_ms, 1));
    store_record(state, guardian_key(guardian), record);
    state.erase(ward_index_key(id_of(record.ward()), guardian));
    deactivate_party(context, state, events, guardian);
    events.emit(event::guardianship_ended,
                {id_attribute(event::party_attribute, guardian),
                 bytes_attribute(event::ward_attribute, view_of(record.ward()))});
  }

 private:
  wire::EndGuardianship message_;
};

}  // namespace

Result<std::unique_ptr<Command>> check_appoint_guardian(ByteView payload) {
  wire::AppointGuardian message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.ward(), "ward"));
  XL_TRY(check_id(message.guardian(), "guardian"));
  if (message.powers() == 0 || (message.powers() & ~powers_known) != 0) return malformed("powers");
  if (message.until_ms() == 0) return malformed("until_ms");
  XL_TRY(check_optional_digest(message.evidence(), "evidence"));
  XL_TRY(check_new_keys(message.keys(), 1));
  return std::unique_ptr<Command>(std::make_unique<AppointGuardian>(std::move(message)));
}

Result<std::unique_ptr<Command>> check_end_guardianship(ByteView payload) {
  wire::EndGuardianship message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.guardian(), "guardian"));
  return std::unique_ptr<Command>(std::make_unique<EndGuardianship>(std::move(message)));
}

}  // namespace xl::contracts::identity
