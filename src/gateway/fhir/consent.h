// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "base/json/json.h"
#include "gateway/fhir/face.h"

/// Consents that rule access: agreed by signature, shown as records (docs/reference/consent.md).
namespace xl::gateway::fhir {

/// `POST Consent/$prepare` with a Consent, or Parameters with `consent` and `replaces` (a Reference
/// to the one that it is to take the place of) or `evidence` (base64Binary, 33 bytes: agreed at the
/// desk): what is to be signed. Nothing is kept. Errors: those of `consents::read_consent`.
[[nodiscard]] http::Response prepare_consent(const Call& call);

/// `POST Consent`: with what was signed it is agreed to (ITI-108); any other is a record, as
/// `create`.
[[nodiscard]] http::Response create_consent(const Call& call);

/// Refuses the content of a Consent that says it rules access and was not signed. Errors:
/// consent_unsigned.
[[nodiscard]] Status check_unsigned(json::Value consent);

}  // namespace xl::gateway::fhir
