// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "consents/reader.h"
#include "gateway/fhir/face.h"

namespace xl::gateway::fhir {

/// Finds whom a Consent refers to: by a DID in `identifier`; by a record of the directory whose id
/// is a DID's or that has a DID among its identifiers; a PractitionerRole by what it leads to; a
/// CareTeam of `patient`, whose consent it is, by itself. Errors: consent_unsupported (it leads to
/// nobody whom the ledger knows).
[[nodiscard]] Result<consents::Party> find_party(const Call& call, json::Value reference,
                                                 const model::Id& patient);

/// The organisation's patient whom a Consent is about. Nobody but the patient, a guardian who may
/// consent and the organisation's own people and software is told that there is one. Errors:
/// fhir_patient_unknown.
[[nodiscard]] Result<model::Id> find_patient(const Call& call, json::Value reference);

}  // namespace xl::gateway::fhir
