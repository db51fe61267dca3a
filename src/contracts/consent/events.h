// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>

/// Events of the consent contract. Numbers never change. Attributes: 1 the consent, 2 the patient,
/// 3 the custodian, 4 the consent that takes its place, 5 an agreement, 6 and 7 who proposed it and
/// to whom, 8 a dispute about it, 9 who disputes. Of a refusal 1 is the refusal itself.
namespace xl::contracts::consent::event {

constexpr std::uint16_t granted = 1;     // 1 2 3
constexpr std::uint16_t superseded = 2;  // 1 2 3 4
constexpr std::uint16_t revoked = 3;     // 1 2 3

constexpr std::uint16_t declined = 4;            // 1 2 3
constexpr std::uint16_t agreement_proposed = 5;  // 5 6 7
constexpr std::uint16_t agreement_accepted = 6;  // 5 6 7
constexpr std::uint16_t agreement_ended = 7;     // 5 6 7
constexpr std::uint16_t agreement_disputed = 8;  // 5 8 9
constexpr std::uint16_t agreement_answered = 9;  // 5 8 9

constexpr std::uint32_t consent_attribute = 1;
constexpr std::uint32_t patient_attribute = 2;
constexpr std::uint32_t custodian_attribute = 3;
constexpr std::uint32_t replacement_attribute = 4;
constexpr std::uint32_t agreement_attribute = 5;
constexpr std::uint32_t proposer_attribute = 6;
constexpr std::uint32_t other_attribute = 7;
constexpr std::uint32_t dispute_attribute = 8;
constexpr std::uint32_t by_attribute = 9;

}  // namespace xl::contracts::consent::event
