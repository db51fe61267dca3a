// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>

/// Events of the records contract. Numbers never change. Attributes: 1 the record (in a batch up to
/// 16 of them, one behind the other), 2 the patient, 3 the custodian, 4 the version (4 bytes,
/// big-endian; in a batch as many as the records before it).
namespace xl::contracts::records::event {

constexpr std::uint16_t anchored = 1;          // 1 2 3 4
constexpr std::uint16_t anchored_batch = 2;    // 2 3, then pairs of 1 and 4
constexpr std::uint16_t entered_in_error = 3;  // 1 2 3
constexpr std::uint16_t erasure_pending = 4;   // 1 2 3
constexpr std::uint16_t erased = 5;            // 1 2 3

constexpr std::uint32_t record_attribute = 1;
constexpr std::uint32_t patient_attribute = 2;
constexpr std::uint32_t custodian_attribute = 3;
constexpr std::uint32_t version_attribute = 4;

}  // namespace xl::contracts::records::event
