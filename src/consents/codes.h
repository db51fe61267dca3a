// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "contracts/consent/codes.h"

/// The code systems with which FHIR says what a consent is about.
namespace xl::consents {

constexpr std::string_view scope_system = "http://terminology.hl7.org/CodeSystem/consentscope";
constexpr std::string_view action_system = "http://terminology.hl7.org/CodeSystem/consentaction";
constexpr std::string_view reason_system = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
constexpr std::string_view confidentiality_system =
    "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
constexpr std::string_view act_code_system = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
constexpr std::string_view participation_system =
    "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
constexpr std::string_view broad_consent_system = "urn:oid:2.16.840.1.113883.3.1937.777.24.5.3";
/// Classes of health data of GB/T 39725-2020 §6.2, 1 to 6.
constexpr std::string_view gbt_39725_classes = "urn:xinglin:gbt39725:class";
/// Reading and searching each for itself, which HL7's actions cannot say.
constexpr std::string_view own_action_system = "urn:xinglin:consent-action";
/// The roles that organisations attest.
constexpr std::string_view role_system = "urn:xinglin:role";
/// Modifier extensions of an actor: in which role, for which organisation, in which team.
constexpr std::string_view actor_role_url = "urn:xinglin:consent-actor-role";
constexpr std::string_view actor_organisation_url = "urn:xinglin:consent-actor-organisation";
constexpr std::string_view actor_team_url = "urn:xinglin:consent-actor-team";
/// Modifier extensions of a provision. It takes out of the one around and opens nothing itself; it
/// is about these levels (least, most); it is not about this sensitivity.
constexpr std::string_view only_exception_url = "urn:xinglin:consent-only-exception";
constexpr std::string_view confidentiality_url = "urn:xinglin:consent-confidentiality";
constexpr std::string_view not_sensitive_url = "urn:xinglin:consent-not-sensitivity";
/// Extensions of a Consent: what took its place, and the transaction that granted it.
constexpr std::string_view replaced_by_url = "urn:xinglin:consent-replaced-by";
constexpr std::string_view transaction_url = "urn:xinglin:consent-transaction";
/// The policyRule of a Consent whose root holds several rules together.
constexpr std::string_view own_rule_system = "urn:xinglin:consent-policy-rule";
/// Identifiers that are DIDs (RFC 3986 §3: a URI).
constexpr std::string_view uri_system = "urn:ietf:rfc:3986";

/// A sensitivity and what people call it.
struct SensitivityInfo {
  std::string_view code;
  std::string_view broader;  ///< codes that include it, a space on both sides of each
  std::string_view en;
  std::string_view zh;
};
/// Every one that has words, ascending by code.
[[nodiscard]] std::span<const SensitivityInfo> sensitivity_infos();

/// A sensitivity and all that it includes; itself alone when it is none of ours.
[[nodiscard]] std::vector<std::string> with_narrower(std::string_view sensitivity);

/// A module of the MII Broad Consent, in this network's words.
struct BroadModule {
  std::string_view code;
  std::uint32_t actions = 0;  ///< a bit for each `Action`: 1 << (number - 1)
  bool specimens = false;
  bool at_home = false;  ///< only for the institution that keeps the data
};
/// Nothing for a module that is not known here.
[[nodiscard]] std::optional<BroadModule> broad_module(std::string_view code);

/// The resource types of a class of GB/T 39725-2020; none for another code.
[[nodiscard]] std::span<const std::string_view> types_of_gbt_class(std::string_view code);

/// The actions that an action of HL7's or our own system stands for; none for another code.
[[nodiscard]] std::vector<contracts::consent::Action> actions_of(std::string_view system,
                                                                 std::string_view code);

/// 1..6 for U, L, M, N, R, V.
[[nodiscard]] std::optional<std::uint32_t> confidentiality_number(std::string_view code);
[[nodiscard]] std::string_view confidentiality_code(std::uint32_t number);
/// `unrestricted` to `very-restricted`; empty for another number.
[[nodiscard]] std::string_view confidentiality_word(std::uint32_t number);

/// `physician`, `emergency-physician`, …: a role's code; empty, or nothing, for another.
[[nodiscard]] std::string_view role_code(std::uint32_t role);
[[nodiscard]] std::optional<std::uint32_t> role_of_code(std::string_view code);

}  // namespace xl::consents
