// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>
#include <vector>

#include "contracts/api/contract.h"
#include "contracts/identity/state.pb.h"

/// What other folders may read of the identity contract's state.
namespace xl::contracts::identity {

/// Whether a DID may act. Stored in state: never renumber.
enum class PartyStatus : std::uint8_t {
  active = 0,
  unclaimed = 1,    ///< patients only: nobody holds a key
  deactivated = 2,  ///< for ever
};

/// What an organisation is. Stored in state: never renumber.
enum class OrganisationType : std::uint8_t {
  hospital = 1,
  clinic = 2,
  pharmacy = 3,
  laboratory = 4,
  insurer = 5,
  regulator = 6,
  medicine_maker = 7,
  distributor = 8,
  device_maker = 9,
  research_institute = 10,
  other = 11,
};

/// What a practitioner does at an organisation. Stored in state: never renumber.
enum class Role : std::uint8_t {
  physician = 1,
  emergency_physician = 2,
  nurse = 3,
  midwife = 4,
  paramedic = 5,
  pharmacist = 6,
  dentist = 7,
  laboratory_scientist = 8,
  radiographer = 9,
  therapist = 10,
  registrar = 11,  ///< admission desk
  privacy_officer = 12,
  auditor = 13,
  researcher = 14,
  claims_officer = 15,
  administrator = 16,
};
constexpr std::uint32_t role_max = 16;

/// Which licence stands behind a role. Stored in state: never renumber.
enum class LicenceType : std::uint8_t {
  none = 0,
  medical = 1,
  nursing = 2,
  midwifery = 3,
  paramedic = 4,
  pharmacy = 5,
  dental = 6,
  other_health_profession = 7,
};
constexpr std::uint32_t licence_type_max = 7;

/// What a guardian may do. Bits, stored in state: never renumber.
enum GuardianPower : std::uint32_t {
  power_consent = 1,   ///< consents and access of the ward
  power_recovery = 2,  ///< helps the ward to new keys
};

/// True for roles that only a licence allows.
[[nodiscard]] bool needs_licence(Role role);

/// True for licensed roles that may read in an emergency without consent.
[[nodiscard]] bool may_break_glass(Role role);

/// The stored key with this id, whatever its status. Nothing when it was never registered.
[[nodiscard]] std::optional<xinglin::identity::v1::KeyRecord> find_key(
    const model::StateReader& state, const Hash& key_id);

/// True when a key may be used at `block_ms`: not revoked, its start reached, before its end.
[[nodiscard]] bool is_active(const xinglin::identity::v1::KeyRecord& key, std::uint64_t block_ms);

/// Ids of the keys of a party that were not revoked, ascending, session keys left out; at most
/// `limits::keys_live_max`. Some may be past their end or before their start.
[[nodiscard]] std::vector<Hash> keys_of(const model::StateReader& state, const model::Id& did);

/// Ids of the session keys of a party that are neither ended nor past their end, ascending; at most
/// `limits::sessions_live_max`.
[[nodiscard]] std::vector<Hash> live_sessions_of(const model::StateReader& state,
                                                 const model::Id& did, std::uint64_t block_ms);

/// The party of a DID. Nothing when there is none.
[[nodiscard]] std::optional<xinglin::identity::v1::PartyRecord> find_party(
    const model::StateReader& state, const model::Id& did);

/// The party of a DID when it is of this kind and not deactivated. Nothing otherwise.
[[nodiscard]] std::optional<xinglin::identity::v1::PartyRecord> find_acting(
    const model::StateReader& state, const model::Id& did, PartyKind kind);

/// The organisation that a patient, a guardian or a service belongs to. Precondition: it is one.
[[nodiscard]] model::Id custodian_of(const xinglin::identity::v1::PartyRecord& party);

/// The 32-byte X25519 key for which data keys are wrapped. Empty when the party has none.
[[nodiscard]] Bytes agreement_key_of(const model::StateReader& state, const model::Id& did);

/// Who an active key speaks for, as contracts see it. Precondition: the key's controller exists.
[[nodiscard]] Caller caller_of(const model::StateReader& state, const Hash& key_id,
                               const xinglin::identity::v1::KeyRecord& key);

/// True when a delegated key may send message `type` of `contract`; always true for other keys.
[[nodiscard]] bool may_send(const xinglin::identity::v1::KeyRecord& key, std::uint8_t contract,
                            std::uint16_t type);

/// How a party stands behind a transaction.
enum class Signed : std::uint8_t { yes, absent, delegated, without_purpose };

/// Did a key of `did` itself sign, undelegated and with all of `purposes`?
[[nodiscard]] Signed signed_by(const Context& context, const model::Id& did,
                               std::uint32_t purposes);

/// Did the organisation sign: one of its own keys, or of its services, with all of `purposes`?
/// `signer` (may be null) receives the caller that did.
[[nodiscard]] Signed signed_by_organisation(const Context& context, const model::StateReader& state,
                                            const model::Id& organisation, std::uint32_t purposes,
                                            const Caller** signer = nullptr);

/// What the organisation last attested of the practitioner, whatever its status.
[[nodiscard]] std::optional<xinglin::identity::v1::AttestationRecord> find_attestation(
    const model::StateReader& state, const model::Id& practitioner, const model::Id& organisation);

/// True when the attestation holds at `block_ms`: started, not over, not revoked.
[[nodiscard]] bool is_active(const xinglin::identity::v1::AttestationRecord& attestation,
                             std::uint64_t block_ms);

/// True when the organisation attests the practitioner at `block_ms` in any role, and neither of
/// them is deactivated.
[[nodiscard]] bool is_attested(const model::StateReader& state, const model::Id& practitioner,
                               const model::Id& organisation, std::uint64_t block_ms);

/// As `is_attested`, in this very role.
[[nodiscard]] bool is_attested(const model::StateReader& state, const model::Id& practitioner,
                               const model::Id& organisation, Role role, std::uint64_t block_ms);

/// As `is_attested`, in a role that may break the glass.
[[nodiscard]] bool is_attested_for_emergency(const model::StateReader& state,
                                             const model::Id& practitioner,
                                             const model::Id& organisation, std::uint64_t block_ms);

/// True when `guardian` may do `power` for `ward` at `block_ms`: begun, not over, not ended, both
/// parties not deactivated.
[[nodiscard]] bool guardian_acts(const model::StateReader& state, const model::Id& guardian,
                                 const model::Id& ward, GuardianPower power,
                                 std::uint64_t block_ms);

/// True while the office of a guardian lasts at `block_ms`, whatever it may do: begun, not over,
/// not ended, neither it nor its ward deactivated.
[[nodiscard]] bool guardian_in_office(const model::StateReader& state, const model::Id& guardian,
                                      std::uint64_t block_ms);

/// True when `guardian` was appointed for `ward`, whether or not it may act now.
[[nodiscard]] bool is_guardian_of(const model::StateReader& state, const model::Id& guardian,
                                  const model::Id& ward);

/// The guardians of a ward whose guardianship was not ended, ascending; at most
/// `limits::guardians_live_max` and those that expired since the last appointment.
[[nodiscard]] std::vector<model::Id> guardians_of(const model::StateReader& state,
                                                  const model::Id& ward);

/// A guardianship that was not ended early, with its terms.
struct Guardianship {
  model::Id ward;
  model::Id guardian;
  xinglin::identity::v1::GuardianRecord record;
};

/// The guardianships of the wards behind `after` (zero: of all), by ward, until there are `count`
/// or more: those of one ward are never parted. Some may be over.
[[nodiscard]] std::vector<Guardianship> guardianships_behind(const model::StateReader& state,
                                                             const model::Id& after,
                                                             std::uint32_t count);

}  // namespace xl::contracts::identity
