// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>

/// Events of the consent contract. Numbers never change. Attributes: 1 the consent, 2 the patient,
/// 3 the custodian, 4 the consent that takes its place.
namespace xl::contracts::consent::event {

constexpr std::uint16_t granted = 1;     // 1 2 3
constexpr std::uint16_t superseded = 2;  // 1 2 3 4
constexpr std::uint16_t revoked = 3;     // 1 2 3

constexpr std::uint32_t consent_attribute = 1;
constexpr std::uint32_t patient_attribute = 2;
constexpr std::uint32_t custodian_attribute = 3;
constexpr std::uint32_t replacement_attribute = 4;

}  // namespace xl::contracts::consent::event
