// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/smart/endpoints.h"

/// What was open, or is chosen on our page, when somebody agrees: a patient, an encounter. Whatever
/// is offered or taken is what whoever agrees may know of, by the decision of every other read.
namespace xl::gateway::smart {

/// True when the page still has something to ask: then a wrong choice is no answer to the app.
[[nodiscard]] bool asks_context(const Visit& visit, const Authorization& wanted);

/// HTML of what is chosen already and what is to be chosen, with the button that agrees. Errors:
/// those of reading an answer of the FHIR server.
[[nodiscard]] Result<std::string> context_part(const Visit& visit, const Authorization& wanted);

/// The patient whom the app will know of. Errors: smart_context_invalid.
[[nodiscard]] Status choose_patient(const Visit& visit, const Authorization& wanted,
                                    const Form& form, auth::Grant& grant);

/// `choose_patient`, the encounter, and what else the record that opened the app had open. Errors:
/// smart_context_invalid.
[[nodiscard]] Status choose_context(const Visit& visit, const Authorization& wanted,
                                    const Form& form, auth::Grant& grant);

/// Reads what a record that opens an app has open: `{"patient", "encounter", "fhirContext"}`. All
/// of it must be something that `who` may see, and about one patient. Errors:
/// smart_context_invalid.
[[nodiscard]] Result<Launch> read_launch(const Visit& visit, const custody::Principal& who,
                                         json::Value body);

}  // namespace xl::gateway::smart
