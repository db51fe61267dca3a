// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>

/// Events of the credentials contract. Numbers never change. Attributes: 1 the issuer, 2 the
/// regulator, 3 the type of credential, 4 the list, 5 how many entries.
namespace xl::contracts::credentials::event {

constexpr std::uint16_t accredited = 1;           // 1 2 3
constexpr std::uint16_t accreditation_ended = 2;  // 1 2 3
constexpr std::uint16_t list_registered = 3;      // 1 4
constexpr std::uint16_t status_changed = 4;       // 1 4 5

constexpr std::uint32_t issuer_attribute = 1;
constexpr std::uint32_t regulator_attribute = 2;
constexpr std::uint32_t type_attribute = 3;
constexpr std::uint32_t list_attribute = 4;
constexpr std::uint32_t count_attribute = 5;

}  // namespace xl::contracts::credentials::event
