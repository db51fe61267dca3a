// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>

/// Events of the governance contract. Numbers never change. Attributes: 1 the proposal, 2 the
/// member or organisation, 3 the ballot (8 bytes), 4 the auditor, 5 a time in milliseconds. What is
/// done at the end of a block has no event: the proposal's record says it.
namespace xl::contracts::governance::event {

constexpr std::uint16_t proposed = 1;   // 1 2 5: closes
constexpr std::uint16_t voted = 2;      // 1 2 3
constexpr std::uint16_t passed = 3;     // 1
constexpr std::uint16_t withdrawn = 4;  // 1 2
constexpr std::uint16_t attested = 5;   // 2 4 5: next due

constexpr std::uint32_t proposal_attribute = 1;
constexpr std::uint32_t member_attribute = 2;
constexpr std::uint32_t ballot_attribute = 3;
constexpr std::uint32_t auditor_attribute = 4;
constexpr std::uint32_t time_attribute = 5;

}  // namespace xl::contracts::governance::event
