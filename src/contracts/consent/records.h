// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "contracts/api/state_value.h"

/// Key layout of the consent contract (number 4). Tables:
///   'c' consent (16)                  -> ConsentRecord, for ever
///   'i' patient (16) ‖ consent (16)   -> one byte: consents that were not revoked or replaced
///   'd' decline (16)                  -> DeclineRecord, for ever
///   'a' agreement (16)                -> AgreementRecord, for ever
///   'o' organisation (16) ‖ agreement (16) -> one byte: agreements that were not ended
///   'q' dispute (16)                  -> AgreementDisputeRecord, for ever
///   'g' agreement (16) ‖ dispute (16) -> one byte: all of its disputes
///   'w' agreement (16) ‖ dispute (16) -> one byte: those that wait for an answer
namespace xl::contracts::consent {

constexpr std::uint8_t contract_number = 4;

constexpr std::uint16_t grant_type = 1;
constexpr std::uint16_t narrow_type = 2;
constexpr std::uint16_t revoke_type = 3;
constexpr std::uint16_t grant_assisted_type = 4;
constexpr std::uint16_t decline_type = 5;
constexpr std::uint16_t propose_agreement_type = 6;
constexpr std::uint16_t accept_agreement_type = 7;
constexpr std::uint16_t end_agreement_type = 8;
constexpr std::uint16_t dispute_agreement_type = 9;
constexpr std::uint16_t answer_agreement_type = 10;

/// The state keys of these tables.
[[nodiscard]] inline Bytes consent_key(const model::Id& consent) {
  return state_key(contract_number, 'c', consent.bytes);
}
[[nodiscard]] inline Bytes patient_index_key(const model::Id& patient, const model::Id& consent) {
  return state_key(contract_number, 'i', patient.bytes, consent.bytes);
}
[[nodiscard]] inline Bytes decline_key(const model::Id& decline) {
  return state_key(contract_number, 'd', decline.bytes);
}
[[nodiscard]] inline Bytes agreement_key(const model::Id& agreement) {
  return state_key(contract_number, 'a', agreement.bytes);
}
[[nodiscard]] inline Bytes party_agreement_key(const model::Id& organisation,
                                               const model::Id& agreement) {
  return state_key(contract_number, 'o', organisation.bytes, agreement.bytes);
}
[[nodiscard]] inline Bytes agreement_dispute_key(const model::Id& dispute) {
  return state_key(contract_number, 'q', dispute.bytes);
}
[[nodiscard]] inline Bytes dispute_of_agreement_key(const model::Id& agreement,
                                                    const model::Id& dispute) {
  return state_key(contract_number, 'g', agreement.bytes, dispute.bytes);
}
[[nodiscard]] inline Bytes waiting_dispute_key(const model::Id& agreement,
                                               const model::Id& dispute) {
  return state_key(contract_number, 'w', agreement.bytes, dispute.bytes);
}

/// The value of an index entry: it says that the key exists, nothing else.
constexpr std::uint8_t index_value[] = {state_value_version};

}  // namespace xl::contracts::consent
