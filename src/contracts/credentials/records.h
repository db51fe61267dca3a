// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "contracts/api/state_value.h"
#include "model/limits.h"

/// Key layout of the credentials contract (number 6). Tables:
///   'a' organisation (16) ‖ type (1) ‖ regulator (16) -> AccreditationRecord, for ever
///   'l' list (16)                                     -> StatusList, for ever
///   'i' issuer (16) ‖ list (16)                       -> one byte: the lists of an issuer
///   'c' list (16) ‖ chunk (4, big-endian)             -> StatusChunk; none: all clear
///   'e' list (16) ‖ index (4, big-endian)             -> StatusEntry, for ever
namespace xl::contracts::credentials {

constexpr std::uint8_t contract_number = 6;

constexpr std::uint16_t accredit_type = 1;
constexpr std::uint16_t end_accreditation_type = 2;
constexpr std::uint16_t register_list_type = 3;
constexpr std::uint16_t change_status_type = 4;

constexpr std::uint32_t chunk_entries = limits::status_chunk_bytes * 8;

/// A number as a key carries it: 4 bytes, big-endian.
[[nodiscard]] inline Bytes number_part(std::uint32_t number) {
  Bytes out;
  append_be(out, number);
  return out;
}

/// The state keys of these tables.
[[nodiscard]] inline Bytes accreditation_key(const model::Id& organisation, std::uint32_t type,
                                             const model::Id& regulator) {
  const Bytes part{static_cast<std::uint8_t>(type)};
  return state_key(contract_number, 'a', organisation.bytes, part, regulator.bytes);
}
[[nodiscard]] inline Bytes list_key(const model::Id& list) {
  return state_key(contract_number, 'l', list.bytes);
}
[[nodiscard]] inline Bytes list_index_key(const model::Id& issuer, const model::Id& list) {
  return state_key(contract_number, 'i', issuer.bytes, list.bytes);
}
[[nodiscard]] inline Bytes chunk_key(const model::Id& list, std::uint32_t chunk) {
  return state_key(contract_number, 'c', list.bytes, number_part(chunk));
}
[[nodiscard]] inline Bytes entry_key(const model::Id& list, std::uint32_t index) {
  return state_key(contract_number, 'e', list.bytes, number_part(index));
}

/// The value of an index entry: it says that the list exists, nothing else.
constexpr std::uint8_t index_value[] = {state_value_version};

}  // namespace xl::contracts::credentials
