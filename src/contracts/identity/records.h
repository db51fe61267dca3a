// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "contracts/api/state_value.h"
#include "contracts/identity/view.h"

/// Key layout of the identity contract (number 1). Tables:
///   'k' key id (32)                        -> KeyRecord, for ever
///   'p' DID (16)                           -> PartyRecord, for ever
///   'i' DID (16) ‖ key id (32)             -> one byte: live keys of a DID, by their ids
///   'd' DID (16) ‖ key id (32)             -> one byte: live session keys of a DID
///   'a' practitioner (16) ‖ organisation (16) -> AttestationRecord
///   'g' guardian (16)                      -> GuardianRecord, for ever
///   'w' ward (16) ‖ guardian (16)          -> one byte: guardianships that may still hold
///   'r' DID (16)                           -> RecoveryTerms
///   's' DID (16)                           -> RunningRecovery
namespace xl::contracts::identity {

constexpr std::uint8_t contract_number = 1;

constexpr std::uint16_t attest_practitioner_type = 1;
constexpr std::uint16_t revoke_attestation_type = 2;
constexpr std::uint16_t register_service_type = 3;
constexpr std::uint16_t register_patient_type = 4;
constexpr std::uint16_t claim_patient_type = 5;
constexpr std::uint16_t add_key_type = 6;
constexpr std::uint16_t rotate_key_type = 7;
constexpr std::uint16_t revoke_key_type = 8;
constexpr std::uint16_t set_agreement_key_type = 9;
constexpr std::uint16_t appoint_guardian_type = 10;
constexpr std::uint16_t end_guardianship_type = 11;
constexpr std::uint16_t configure_recovery_type = 12;
constexpr std::uint16_t start_recovery_type = 13;
constexpr std::uint16_t cancel_recovery_type = 14;
constexpr std::uint16_t finish_recovery_type = 15;
constexpr std::uint16_t delegate_type = 16;
constexpr std::uint16_t end_delegation_type = 17;
constexpr std::uint16_t deactivate_type = 18;

/// The state keys of these tables.
[[nodiscard]] inline Bytes key_key(const Hash& key_id) {
  return state_key(contract_number, 'k', key_id);
}
[[nodiscard]] inline Bytes party_key(const model::Id& did) {
  return state_key(contract_number, 'p', did.bytes);
}
[[nodiscard]] inline Bytes key_index_key(const model::Id& did, const Hash& key_id) {
  return state_key(contract_number, 'i', did.bytes, key_id);
}
[[nodiscard]] inline Bytes session_index_key(const model::Id& did, const Hash& key_id) {
  return state_key(contract_number, 'd', did.bytes, key_id);
}
[[nodiscard]] inline Bytes attestation_key(const model::Id& practitioner,
                                           const model::Id& organisation) {
  return state_key(contract_number, 'a', practitioner.bytes, organisation.bytes);
}
[[nodiscard]] inline Bytes guardian_key(const model::Id& guardian) {
  return state_key(contract_number, 'g', guardian.bytes);
}
[[nodiscard]] inline Bytes ward_index_key(const model::Id& ward, const model::Id& guardian) {
  return state_key(contract_number, 'w', ward.bytes, guardian.bytes);
}
[[nodiscard]] inline Bytes recovery_terms_key(const model::Id& did) {
  return state_key(contract_number, 'r', did.bytes);
}
[[nodiscard]] inline Bytes running_recovery_key(const model::Id& did) {
  return state_key(contract_number, 's', did.bytes);
}

/// The value of an index entry: it says that the key exists, nothing else.
constexpr std::uint8_t index_value[] = {state_value_version};

}  // namespace xl::contracts::identity
