// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json/json.h"

namespace xl::fhir {

/// True for the resource types of the official Patient CompartmentDefinition that name elements by
/// which a resource of theirs belongs to a patient; `Patient` is one (by its links, beside being
/// its own compartment). Logarithmic. Thread-safe.
[[nodiscard]] bool may_be_in_patient_compartment(std::string_view resource_type);

/// Those types, in the order of bytes. Thread-safe.
[[nodiscard]] std::vector<std::string> patient_compartment_types();

/// The references by which a resource belongs to Patient compartments, as they are written
/// (`Patient/7`, `http://hospital/fhir/Patient/7`, `urn:uuid:…`): in the order of the compartment's
/// search parameters, then of the resource, each once. Left out: references that name another type
/// than Patient (`Practitioner/3`, or `type`), and those into the resource itself (`#p`). A Patient
/// does not name itself. Empty for a value of another shape. Linear. Thread-safe.
/// The views live as long as the document. Source: CompartmentDefinition/patient of R4.
[[nodiscard]] std::vector<std::string_view> compartment_references(json::Value resource);

}  // namespace xl::fhir
