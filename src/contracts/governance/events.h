// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>

/// Events of the governance contract. Numbers never change. Attributes: 1 the proposal, 2 the
/// member or organisation, 3 the ballot (8 bytes), 4 the auditor, 5 a time in milliseconds, 6 why
/// it could not be done any more: a status of this contract (8 bytes). The last three are of the
/// end of a block.
namespace xl::contracts::governance::event {

constexpr std::uint16_t proposed = 1;   // 1 2 5: closes
constexpr std::uint16_t voted = 2;      // 1 2 3
constexpr std::uint16_t passed = 3;     // 1
constexpr std::uint16_t withdrawn = 4;  // 1 2
constexpr std::uint16_t attested = 5;   // 2 4 5: next due
constexpr std::uint16_t updated = 6;    // 2
constexpr std::uint16_t executed = 7;   // 1
constexpr std::uint16_t failed = 8;     // 1 6
constexpr std::uint16_t expired = 9;    // 1

constexpr std::uint32_t proposal_attribute = 1;
constexpr std::uint32_t member_attribute = 2;
constexpr std::uint32_t ballot_attribute = 3;
constexpr std::uint32_t auditor_attribute = 4;
constexpr std::uint32_t time_attribute = 5;
constexpr std::uint32_t status_attribute = 6;

}  // namespace xl::contracts::governance::event
