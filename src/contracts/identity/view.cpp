// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/identity/view.h"

#include <algorithm>

#include "contracts/api/shape.h"
#include "contracts/api/time.h"
#include "contracts/identity/keys.h"
#include "contracts/identity/records.h"
#include "model/limits.h"

namespace xl::contracts::identity {

using xinglin::identity::v1::AttestationRecord;
using xinglin::identity::v1::GuardianRecord;
using xinglin::identity::v1::KeyRecord;
using xinglin::identity::v1::PartyRecord;

bool needs_licence(Role role) { return role <= Role::therapist; }

bool may_break_glass(Role role) { return role <= Role::paramedic; }

std::optional<KeyRecord> find_key(const model::StateReader& state, const Hash& key_id) {
  KeyRecord record;
  if (!load_record(state, key_key(key_id), record)) return std::nullopt;
  return record;
}

bool is_active(const KeyRecord& key, std::uint64_t block_ms) {
  return key.revoked_at_ms() == 0 && start_reached(key.not_before_ms(), block_ms) &&
         !end_reached(key.not_after_ms(), block_ms);
}

std::vector<Hash> keys_of(const model::StateReader& state, const model::Id& did) {
  return indexed_keys(state, did, false);
}

std::vector<Hash> live_sessions_of(const model::StateReader& state, const model::Id& did,
                                   std::uint64_t block_ms) {
  std::vector<Hash> out = indexed_keys(state, did, true);
  std::erase_if(out, [&](const Hash& id) {
    const auto key = find_key(state, id);
    return !key || !is_active(*key, block_ms);
  });
  return out;
}

std::optional<PartyRecord> find_party(const model::StateReader& state, const model::Id& did) {
  PartyRecord record;
  if (!load_record(state, party_key(did), record)) return std::nullopt;
  return record;
}

std::optional<PartyRecord> find_acting(const model::StateReader& state, const model::Id& did,
                                       PartyKind kind) {
  auto party = find_party(state, did);
  if (!party || party->kind() != static_cast<std::uint32_t>(kind)) return std::nullopt;
  if (party->status() == static_cast<std::uint32_t>(PartyStatus::deactivated)) return std::nullopt;
  return party;
}

model::Id custodian_of(const PartyRecord& party) { return id_of(party.custodian()); }

Bytes agreement_key_of(const model::StateReader& state, const model::Id& did) {
  const auto party = find_party(state, did);
  return party ? copy_of(view_of(party->agreement_key())) : Bytes();
}

Caller caller_of(const model::StateReader& state, const Hash& key_id, const KeyRecord& key) {
  Caller caller;
  caller.key_id = key_id;
  caller.algorithm = static_cast<crypto::Algorithm>(key.algorithm());
  caller.did = id_of(key.controller());
  const auto party = find_party(state, caller.did);
  XL_CHECK(party.has_value());
  caller.kind = static_cast<PartyKind>(party->kind());
  caller.purposes = key.purposes();
  caller.delegated = key.has_delegation();
  if (caller.delegated) caller.via_organisation = id_of(key.delegation().organisation());
  return caller;
}

bool may_send(const KeyRecord& key, std::uint8_t contract, std::uint16_t type) {
  if (!key.has_delegation()) return true;
  const std::uint32_t wanted = static_cast<std::uint32_t>(contract) << 16 | type;
  const auto& types = key.delegation().message_types();
  return std::binary_search(types.begin(), types.end(), wanted);
}

Signed signed_by(const Context& context, const model::Id& did, std::uint32_t purposes) {
  Signed best = Signed::absent;
  for (const Caller& caller : context.callers) {
    if (caller.did != did) continue;
    if (!caller.delegated && (caller.purposes & purposes) == purposes) return Signed::yes;
    if (!caller.delegated) best = Signed::without_purpose;
    if (best == Signed::absent) best = Signed::delegated;
  }
  return best;
}

Signed signed_by_organisation(const Context& context, const model::StateReader& state,
                              const model::Id& organisation, std::uint32_t purposes,
                              const Caller** signer) {
  Signed best = Signed::absent;
  for (const Caller& caller : context.callers) {
    bool speaks = caller.did == organisation;
    if (!speaks && caller.kind == PartyKind::service) {
      const auto service = find_acting(state, caller.did, PartyKind::service);
      speaks = service && custodian_of(*service) == organisation;
    }
    if (!speaks) continue;
    const bool suffices = (caller.purposes & purposes) == purposes;
    if (!caller.delegated && suffices) {
      if (signer != nullptr) *signer = &caller;
      return Signed::yes;
    }
    if (!caller.delegated) best = Signed::without_purpose;
    if (best == Signed::absent) best = Signed::delegated;
  }
  return best;
}

std::optional<AttestationRecord> find_attestation(const model::StateReader& state,
                                                  const model::Id& practitioner,
                                                  const model::Id& organisation) {
  AttestationRecord record;
  if (!load_record(state, attestation_key(practitioner, organisation), record)) {
    return std::nullopt;
  }
  return record;
}

bool is_active(const AttestationRecord& attestation, std::uint64_t block_ms) {
  return attestation.revoked_at_ms() == 0 && start_reached(attestation.valid_from_ms(), block_ms) &&
         !end_reached(attestation.valid_to_ms(), block_ms);
}

namespace {

/// The attestation while it holds and both parties act. Nothing otherwise.
std::optional<AttestationRecord> attestation_in_force(const model::StateReader& state,
                                                      const model::Id& practitioner,
                                                      const model::Id& organisation,
                                                      std::uint64_t block_ms) {
  auto attestation = find_attestation(state, practitioner, organisation);
  const bool holds = attestation && is_active(*attestation, block_ms) &&
                     find_acting(state, practitioner, PartyKind::practitioner) &&
                     find_acting(state, organisation, PartyKind::organisation);
  return holds ? attestation : std::nullopt;
}

}  // namespace

bool is_attested(const model::StateReader& state, const model::Id& practitioner,
                 const model::Id& organisation, std::uint64_t block_ms) {
  return attestation_in_force(state, practitioner, organisation, block_ms).has_value();
}

bool is_attested(const model::StateReader& state, const model::Id& practitioner,
                 const model::Id& organisation, Role role, std::uint64_t block_ms) {
  const auto attestation = attestation_in_force(state, practitioner, organisation, block_ms);
  if (!attestation) return false;
  const auto& roles = attestation->roles();
  return std::binary_search(roles.begin(), roles.end(), static_cast<std::uint32_t>(role));
}

bool is_attested_for_emergency(const model::StateReader& state, const model::Id& practitioner,
                               const model::Id& organisation, std::uint64_t block_ms) {
  const auto attestation = attestation_in_force(state, practitioner, organisation, block_ms);
  if (!attestation) return false;
  return std::any_of(attestation->roles().begin(), attestation->roles().end(),
                     [](std::uint32_t role) { return may_break_glass(static_cast<Role>(role)); });
}

bool guardian_in_office(const model::StateReader& state, const model::Id& guardian,
                        std::uint64_t block_ms) {
  GuardianRecord record;
  if (!load_record(state, guardian_key(guardian), record)) return false;
  return record.ended_at_ms() == 0 && block_ms >= record.starts_ms() &&
         !end_reached(record.until_ms(), block_ms) &&
         find_acting(state, guardian, PartyKind::guardian).has_value() &&
         find_acting(state, id_of(record.ward()), PartyKind::patient).has_value();
}

bool guardian_acts(const model::StateReader& state, const model::Id& guardian,
                   const model::Id& ward, GuardianPower power, std::uint64_t block_ms) {
  GuardianRecord record;
  return load_record(state, guardian_key(guardian), record) && id_of(record.ward()) == ward &&
         (record.powers() & power) != 0 && guardian_in_office(state, guardian, block_ms);
}

bool is_guardian_of(const model::StateReader& state, const model::Id& guardian,
                    const model::Id& ward) {
  GuardianRecord record;
  return load_record(state, guardian_key(guardian), record) && id_of(record.ward()) == ward;
}

std::vector<model::Id> guardians_of(const model::StateReader& state, const model::Id& ward) {
  std::vector<model::Id> out;
  const Bytes prefix = state_key(contract_number, 'w', ward.bytes);
  state.scan(prefix, prefix, limits::guardians_live_max, [&](ByteView key, ByteView) {
    const auto guardian = model::id_from_bytes(key.subspan(prefix.size()));
    XL_CHECK(guardian.ok());
    out.push_back(*guardian);
    return true;
  });
  return out;
}

std::vector<Guardianship> guardianships_behind(const model::StateReader& state,
                                               const model::Id& after, std::uint32_t count) {
  const Bytes prefix = state_key(contract_number, 'w');
  const Bytes from = state_key(contract_number, 'w', after.bytes, Bytes(limits::id_bytes, 0xff));
  std::vector<Guardianship> out;
  const std::uint32_t most = count + limits::guardians_live_max * 4;
  state.scan(prefix, after.is_zero() ? prefix : from, most, [&](ByteView key, ByteView) {
    const auto ward = model::id_from_bytes(key.subspan(2, limits::id_bytes));
    const auto guardian = model::id_from_bytes(key.subspan(2 + limits::id_bytes));
    XL_CHECK(ward.ok() && guardian.ok());
    if (out.size() >= count && out.back().ward != *ward) return false;
    Guardianship one{*ward, *guardian, {}};
    XL_CHECK(load_record(state, guardian_key(*guardian), one.record));
    out.push_back(std::move(one));
    return true;
  });
  return out;
}

}  // namespace xl::contracts::identity
