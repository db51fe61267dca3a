// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "contracts/api/state_value.h"

/// Key layout of the consent contract (number 4). Tables:
///   'c' consent (16)                  -> ConsentRecord, for ever
///   'i' patient (16) ‖ consent (16)   -> one byte: consents that were not revoked or replaced
namespace xl::contracts::consent {

constexpr std::uint8_t contract_number = 4;

constexpr std::uint16_t grant_type = 1;
constexpr std::uint16_t narrow_type = 2;
constexpr std::uint16_t revoke_type = 3;
constexpr std::uint16_t grant_assisted_type = 4;

/// The state keys of these tables.
[[nodiscard]] inline Bytes consent_key(const model::Id& consent) {
  return state_key(contract_number, 'c', consent.bytes);
}
[[nodiscard]] inline Bytes patient_index_key(const model::Id& patient, const model::Id& consent) {
  return state_key(contract_number, 'i', patient.bytes, consent.bytes);
}

/// The value of an index entry: it says that the key exists, nothing else.
constexpr std::uint8_t index_value[] = {state_value_version};

}  // namespace xl::contracts::consent
