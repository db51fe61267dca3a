// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>

/// Events of the identity contract. Numbers never change. Attributes: 1 the party, 2 the
/// organisation, 3 key ids, 4 a time in milliseconds, 5 the ward, 6 contracts::PartyKind.
namespace xl::contracts::identity::event {

constexpr std::uint16_t party_registered = 1;      // 1 2 6, organisation where there is one
constexpr std::uint16_t party_claimed = 2;         // 1 2
constexpr std::uint16_t key_added = 3;             // 1 3 (one attribute per key)
constexpr std::uint16_t key_ended = 4;             // 1 3
constexpr std::uint16_t attested = 5;              // 1 2 4: until
constexpr std::uint16_t attestation_ended = 6;     // 1 2
constexpr std::uint16_t agreement_key_set = 7;     // 1
constexpr std::uint16_t guardian_appointed = 8;    // 1 4: from, 5
constexpr std::uint16_t guardianship_ended = 9;    // 1 5
constexpr std::uint16_t recovery_configured = 10;  // 1
constexpr std::uint16_t recovery_started = 11;     // 1 4: ready; the owner must be told
constexpr std::uint16_t recovery_cancelled = 12;   // 1
constexpr std::uint16_t recovery_finished = 13;    // 1 3
constexpr std::uint16_t delegated = 14;            // 1 2 3 4: until
constexpr std::uint16_t delegation_ended = 15;     // 1 3
constexpr std::uint16_t deactivated = 16;          // 1

constexpr std::uint32_t party_attribute = 1;
constexpr std::uint32_t organisation_attribute = 2;
constexpr std::uint32_t key_attribute = 3;
constexpr std::uint32_t time_attribute = 4;
constexpr std::uint32_t ward_attribute = 5;
constexpr std::uint32_t kind_attribute = 6;

}  // namespace xl::contracts::identity::event
