// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "consents/codes.h"

#include <algorithm>
#include <array>

#include "contracts/identity/view.h"

namespace xl::consents {

using contracts::consent::Action;

namespace {

constexpr auto sensitivities = std::to_array<SensitivityInfo>({
#define XL_SENSITIVITY(code, broader, en, zh) {code, broader, en, zh},
#include "consents/sensitivities.def"
#undef XL_SENSITIVITY
});

constexpr auto broad_modules = std::to_array<BroadModule>({
#define XL_BROAD(code, actions, specimens, at_home) {code, actions, specimens, at_home},
#include "consents/broad_consent.def"
#undef XL_BROAD
});

// GB/T 39725-2020 §6.2, table 1: what each class is about, as FHIR's resource types. Every type
// that may be a patient's record is in one: who refuses all six refuses all.
constexpr auto personal = std::to_array<std::string_view>({"Patient", "Person", "RelatedPerson"});
constexpr auto health = std::to_array<std::string_view>(
    {"AdverseEvent", "AllergyIntolerance", "BodyStructure", "Condition", "DetectedIssue",
     "DiagnosticReport", "FamilyMemberHistory", "Flag", "ImagingStudy", "Media",
     "MolecularSequence", "Observation", "QuestionnaireResponse", "RiskAssessment"});
constexpr auto medical = std::to_array<std::string_view>({"Appointment",
                                                          "AppointmentResponse",
                                                          "AuditEvent",
                                                          "Basic",
                                                          "Binary",
                                                          "Bundle",
                                                          "CarePlan",
                                                          "CareTeam",
                                                          "ClinicalImpression",
                                                          "Communication",
                                                          "CommunicationRequest",
                                                          "Composition",
                                                          "Consent",
                                                          "DeviceRequest",
                                                          "DeviceUseStatement",
                                                          "DocumentManifest",
                                                          "DocumentReference",
                                                          "Encounter",
                                                          "EpisodeOfCare",
                                                          "Goal",
                                                          "Group",
                                                          "List",
                                                          "MedicationAdministration",
                                                          "MedicationDispense",
                                                          "MedicationRequest",
                                                          "MedicationStatement",
                                                          "NutritionOrder",
                                                          "Procedure",
                                                          "Provenance",
                                                          "RequestGroup",
                                                          "ResearchSubject",
                                                          "ServiceRequest",
                                                          "Specimen",
                                                          "SupplyRequest",
                                                          "Task",
                                                          "VisionPrescription"});
constexpr auto payment = std::to_array<std::string_view>(
    {"Account", "ChargeItem", "Claim", "ClaimResponse", "Coverage", "CoverageEligibilityRequest",
     "CoverageEligibilityResponse", "EnrollmentRequest", "ExplanationOfBenefit", "Invoice",
     "PaymentNotice", "PaymentReconciliation"});
constexpr auto resources =
    std::to_array<std::string_view>({"Device", "HealthcareService", "Location", "Organization",
                                     "Practitioner", "PractitionerRole", "Schedule", "Slot"});
constexpr auto public_health = std::to_array<std::string_view>(
    {"Immunization", "ImmunizationEvaluation", "ImmunizationRecommendation", "MeasureReport",
     "SupplyDelivery"});

struct NamedLevel {
  std::string_view code;
  std::string_view word;
};
constexpr auto levels = std::to_array<NamedLevel>({{"U", "unrestricted"},
                                                   {"L", "low"},
                                                   {"M", "moderate"},
                                                   {"N", "normal"},
                                                   {"R", "restricted"},
                                                   {"V", "very-restricted"}});

constexpr std::array<std::string_view, contracts::identity::role_max> roles = {
    "physician",    "emergency-physician", "nurse",          "midwife",
    "paramedic",    "pharmacist",          "dentist",        "laboratory-scientist",
    "radiographer", "therapist",           "registrar",      "privacy-officer",
    "auditor",      "researcher",          "claims-officer", "administrator"};

}  // namespace

std::span<const SensitivityInfo> sensitivity_infos() { return sensitivities; }

std::vector<std::string> with_narrower(std::string_view sensitivity) {
  std::vector<std::string> out{std::string(sensitivity)};
  const std::string broader = " " + std::string(sensitivity) + " ";
  for (const SensitivityInfo& info : sensitivities) {
    if (info.broader.find(broader) != std::string_view::npos) out.emplace_back(info.code);
  }
  return out;
}

std::optional<BroadModule> broad_module(std::string_view code) {
  const auto found = std::ranges::find(broad_modules, code, &BroadModule::code);
  if (found == broad_modules.end()) return std::nullopt;
  return *found;
}

std::span<const std::string_view> types_of_gbt_class(std::string_view code) {
  if (code == "1") return personal;
  if (code == "2") return health;
  if (code == "3") return medical;
  if (code == "4") return payment;
  if (code == "5") return resources;
  if (code == "6") return public_health;
  return {};
}

std::vector<Action> actions_of(std::string_view system, std::string_view code) {
  if (system == own_action_system) {
    if (code == "read") return {Action::read};
    if (code == "search") return {Action::search};
  }
  if (system != action_system) return {};
  if (code == "access" || code == "use") return {Action::read, Action::search};
  if (code == "disclose") return {Action::export_data};
  if (code == "collect") return {Action::collect};
  if (code == "correct") return {Action::correct};
  return {};
}

std::optional<std::uint32_t> confidentiality_number(std::string_view code) {
  const auto found = std::ranges::find(levels, code, &NamedLevel::code);
  if (found == levels.end()) return std::nullopt;
  return static_cast<std::uint32_t>(found - levels.begin()) + 1;
}

std::string_view confidentiality_code(std::uint32_t number) {
  return number == 0 || number > levels.size() ? std::string_view{} : levels[number - 1].code;
}

std::string_view confidentiality_word(std::uint32_t number) {
  return number == 0 || number > levels.size() ? std::string_view{} : levels[number - 1].word;
}

std::string_view role_code(std::uint32_t role) {
  return role == 0 || role > roles.size() ? std::string_view{} : roles[role - 1];
}

std::optional<std::uint32_t> role_of_code(std::string_view code) {
  const auto found = std::ranges::find(roles, code);
  if (found == roles.end()) return std::nullopt;
  return static_cast<std::uint32_t>(found - roles.begin()) + 1;
}

}  // namespace xl::consents
