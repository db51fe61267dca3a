// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/audit_words.h"

#include "contracts/identity/view.h"

namespace xl::gateway::fhir {

namespace identity = contracts::identity;

namespace {

/// By the numbers of identity view.h, from 1.
constexpr std::array<std::string_view, identity::role_max> role_codes = {
    "physician",    "emergency-physician", "nurse",          "midwife",
    "paramedic",    "pharmacist",          "dentist",        "laboratory-scientist",
    "radiographer", "therapist",           "registrar",      "privacy-officer",
    "auditor",      "researcher",          "claims-officer", "administrator"};

}  // namespace

std::string_view role_code(std::uint32_t role) {
  return role == 0 || role > role_codes.size() ? std::string_view("unknown") : role_codes[role - 1];
}

bool is_provider(std::uint32_t organisation_type) {
  switch (static_cast<identity::OrganisationType>(organisation_type)) {
    case identity::OrganisationType::hospital:
    case identity::OrganisationType::clinic:
    case identity::OrganisationType::pharmacy:
    case identity::OrganisationType::laboratory:
      return true;
    default:
      return false;
  }
}

}  // namespace xl::gateway::fhir
