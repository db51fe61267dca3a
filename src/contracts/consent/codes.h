// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

/// The numbers that stand in sealed policies and committed decisions, and what they mean.
namespace xl::contracts::consent {

/// What a policy does where it applies. A deny overrides every permit.
enum class Effect : std::uint8_t { permit = 1, deny = 2 };

/// What is done with the data.
enum class Action : std::uint8_t {
  read = 1,
  search = 2,
  export_data = 3,
  collect = 4,  ///< data is written about the patient for the first time
  correct = 5,  ///< what is there is changed or deleted
};
constexpr std::uint32_t action_max = 5;

/// Which records a rule's `data` means.
enum class DataScope : std::uint8_t {
  instance = 1,  ///< that record
  related = 2,   ///< that visit, care plan or episode, and what refers to it
};
constexpr std::uint32_t data_scope_max = 2;

/// Which area a consent is of: FHIR's consentscope.
enum class ConsentScope : std::uint8_t { privacy = 1, research = 2 };
constexpr std::uint32_t consent_scope_max = 2;

/// HL7 v3 Confidentiality (2.16.840.1.113883.5.25), from least to most protected.
enum class Confidentiality : std::uint8_t {
  unrestricted = 1,     ///< U
  low = 2,              ///< L
  moderate = 3,         ///< M
  normal = 4,           ///< N
  restricted = 5,       ///< R
  very_restricted = 6,  ///< V
};
constexpr std::uint32_t confidentiality_max = 6;

/// Why data is used.
enum class PurposeOfUse : std::uint8_t {
#define XL_PURPOSE(number, name, code, en, zh) name = number,
#include "contracts/consent/purposes.def"
#undef XL_PURPOSE
};
constexpr std::uint32_t purpose_of_use_max = 20;

/// What is known of one purpose.
struct PurposeInfo {
  PurposeOfUse purpose{};
  std::string_view code;  ///< HL7 v3
  std::string_view en;
  std::string_view zh;
};

/// Every purpose, ascending.
[[nodiscard]] std::span<const PurposeInfo> purpose_infos();

/// The purpose of an HL7 v3 code. Nothing for codes this network does not know.
[[nodiscard]] std::optional<PurposeOfUse> purpose_of_code(std::string_view code);

/// True when one of a practitioner's roles (identity's `Role`) serves the purpose: those who treat
/// serve every one, the others what their table says (docs/reference/consent.md). Without a role
/// none is served.
[[nodiscard]] bool role_serves(std::span<const std::uint32_t> roles, PurposeOfUse purpose);

/// The purpose of a practitioner who names none: treatment where a role serves it, else the first
/// of the first role's.
[[nodiscard]] PurposeOfUse usual_purpose(std::span<const std::uint32_t> roles);

/// Why a decision came out as it did.
enum class Reason : std::uint8_t {
#define XL_REASON(number, name, en, zh) name = number,
#include "contracts/consent/reasons.def"
#undef XL_REASON
};

/// What one reason says to people.
struct ReasonInfo {
  Reason reason{};
  std::string_view name;
  std::string_view en;
  std::string_view zh;
};

/// Every reason, ascending.
[[nodiscard]] std::span<const ReasonInfo> reason_infos();

/// FHIR's code system of resource types, the system of classes that name one.
constexpr std::string_view resource_types_system = "http://hl7.org/fhir/resource-types";

}  // namespace xl::contracts::consent
