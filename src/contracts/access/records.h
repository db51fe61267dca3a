// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "contracts/api/state_value.h"
#include "model/limits.h"

/// Key layout of the access contract (number 5). Tables:
///   's' session (16)                                     -> SessionRecord, for ever
///   'o' custodian (16) ‖ seal due (8) ‖ session (16)     -> one byte: sessions not sealed
///   'j' custodian (16)                                   -> JournalHead
///   'c' entry (16)                                       -> CohortRecord, for ever
///   'e' entry (16)                                       -> EmergencyRecord, for ever
///   'r' organisation (16) ‖ review due (8) ‖ entry (16)  -> one byte: emergencies not reviewed
///   'd' entry (16)                                       -> DeniedRecord, for ever
///   'q' dispute (16)                                     -> DisputeRecord, for ever
///   'p' patient (16) ‖ dispute (16)                      -> one byte, for ever
///   'w' patient (16) ‖ dispute (16)                      -> one byte: disputes not answered
///   'u' custodian (16) ‖ answer due (8) ‖ dispute (16)   -> one byte: disputes not answered
namespace xl::contracts::access {

constexpr std::uint8_t contract_number = 5;

constexpr std::uint16_t journal_root_type = 1;
constexpr std::uint16_t open_session_type = 2;
constexpr std::uint16_t end_session_type = 3;
constexpr std::uint16_t seal_session_type = 4;
constexpr std::uint16_t cohort_entry_type = 5;
constexpr std::uint16_t declare_emergency_type = 6;
constexpr std::uint16_t renew_emergency_type = 7;
constexpr std::uint16_t review_emergency_type = 8;
constexpr std::uint16_t denied_type = 9;
constexpr std::uint16_t dispute_type = 10;
constexpr std::uint16_t answer_dispute_type = 11;
constexpr std::uint16_t end_emergency_type = 12;

/// A key whose middle is a time, so that what is due first comes first.
[[nodiscard]] inline Bytes due_key(char table, const model::Id& owner, std::uint64_t due_ms,
                                   const model::Id& entry) {
  Bytes due;
  append_be(due, due_ms);
  return state_key(contract_number, table, owner.bytes, due, entry.bytes);
}

/// The state keys of these tables.
[[nodiscard]] inline Bytes session_key(const model::Id& session) {
  return state_key(contract_number, 's', session.bytes);
}
[[nodiscard]] inline Bytes unsealed_key(const model::Id& custodian, std::uint64_t due_ms,
                                        const model::Id& session) {
  return due_key('o', custodian, due_ms, session);
}
[[nodiscard]] inline Bytes journal_key(const model::Id& custodian) {
  return state_key(contract_number, 'j', custodian.bytes);
}
[[nodiscard]] inline Bytes cohort_key(const model::Id& entry) {
  return state_key(contract_number, 'c', entry.bytes);
}
[[nodiscard]] inline Bytes emergency_key(const model::Id& entry) {
  return state_key(contract_number, 'e', entry.bytes);
}
[[nodiscard]] inline Bytes unreviewed_key(const model::Id& organisation, std::uint64_t due_ms,
                                          const model::Id& entry) {
  return due_key('r', organisation, due_ms, entry);
}
[[nodiscard]] inline Bytes denied_key(const model::Id& entry) {
  return state_key(contract_number, 'd', entry.bytes);
}
[[nodiscard]] inline Bytes dispute_key(const model::Id& dispute) {
  return state_key(contract_number, 'q', dispute.bytes);
}
[[nodiscard]] inline Bytes patient_dispute_key(const model::Id& patient, const model::Id& dispute) {
  return state_key(contract_number, 'p', patient.bytes, dispute.bytes);
}
[[nodiscard]] inline Bytes waiting_dispute_key(const model::Id& patient, const model::Id& dispute) {
  return state_key(contract_number, 'w', patient.bytes, dispute.bytes);
}
[[nodiscard]] inline Bytes unanswered_key(const model::Id& custodian, std::uint64_t due_ms,
                                          const model::Id& dispute) {
  return due_key('u', custodian, due_ms, dispute);
}

/// The value of an index entry: it says that the key exists, nothing else.
constexpr std::uint8_t index_value[] = {state_value_version};

}  // namespace xl::contracts::access
