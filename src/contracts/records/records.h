// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "contracts/api/state_value.h"

/// Key layout of the records contract (number 3). Tables:
///   'h' record (16)                           -> RecordHead
///   'v' record (16) ‖ version (4, big-endian) -> VersionRecord
namespace xl::contracts::records {

constexpr std::uint8_t contract_number = 3;

constexpr std::uint16_t anchor_type = 1;
constexpr std::uint16_t anchor_batch_type = 2;
constexpr std::uint16_t enter_in_error_type = 3;
constexpr std::uint16_t record_erasure_type = 4;

/// The state keys of these tables.
[[nodiscard]] inline Bytes head_key(ByteView record) {
  return state_key(contract_number, 'h', record);
}
[[nodiscard]] inline Bytes version_key(ByteView record, std::uint32_t version) {
  Bytes number;
  append_be(number, version);
  return state_key(contract_number, 'v', record, number);
}

}  // namespace xl::contracts::records
