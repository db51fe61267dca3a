// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

/// The codes of AuditEvents and Provenances: those of others, and our own under `urn:xinglin:fhir`
/// (docs/reference/audit.md).
namespace xl::gateway::fhir {

/// A Coding. `display` may be empty.
struct Code {
  std::string_view system;
  std::string_view code;
  std::string_view display;
};

constexpr std::string_view ledger_extension = "urn:xinglin:fhir:ledger";
constexpr std::string_view reason_extension = "urn:xinglin:fhir:reason";
constexpr std::string_view machine_extension = "urn:xinglin:fhir:machine";
constexpr std::string_view role_system = "urn:xinglin:fhir:role";
constexpr std::string_view audit_entity_system = "urn:xinglin:fhir:audit-entity";
constexpr std::string_view app_system = "urn:xinglin:fhir:app";
constexpr std::string_view key_system = "urn:xinglin:fhir:key";
constexpr std::string_view record_system = "urn:xinglin:fhir:record";
constexpr std::string_view consent_system = "urn:xinglin:fhir:consent";
constexpr std::string_view entry_system = "urn:xinglin:fhir:access-entry";
constexpr std::string_view resource_types = "http://hl7.org/fhir/resource-types";
constexpr std::string_view participation_system =
    "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";

/// Codes of DICOM, HL7 v3 and FHIR by what they are used for.
[[nodiscard]] constexpr Code dicom(std::string_view code, std::string_view display) {
  return {"http://dicom.nema.org/resources/ontology/DCM", code, display};
}
[[nodiscard]] constexpr Code entity_type(std::string_view code, std::string_view display) {
  return {"http://terminology.hl7.org/CodeSystem/audit-entity-type", code, display};
}
[[nodiscard]] constexpr Code object_role(std::string_view code, std::string_view display) {
  return {"http://terminology.hl7.org/CodeSystem/object-role", code, display};
}
[[nodiscard]] constexpr Code act_reason(std::string_view code) {
  return {"http://terminology.hl7.org/CodeSystem/v3-ActReason", code, {}};
}

/// The word of an identity role, as the command line has it; `unknown` for none.
[[nodiscard]] std::string_view role_code(std::uint32_t role);

/// True for an organisation type that gives care.
[[nodiscard]] bool is_provider(std::uint32_t organisation_type);

}  // namespace xl::gateway::fhir
