// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>

#include "base/json/json.h"
#include "custody/requests.h"
#include "gateway/fhir/face.h"

/// A Consent with status `proposed` that asks a patient by a handle (docs/reference/consent.md).
namespace xl::gateway::fhir {

/// Of `patient.identifier`, where a Consent names its patient by a handle.
constexpr std::string_view handle_system = "urn:xinglin:handle";
/// Extensions of such a Consent: why it is asked (valueString), and until when an answer is waited
/// for (valueDateTime).
constexpr std::string_view request_why_url = "urn:xinglin:consent-request-why";
constexpr std::string_view request_until_url = "urn:xinglin:consent-request-until";

/// True for a Consent that asks: status `proposed`, its patient named by a handle.
[[nodiscard]] bool asks_by_handle(json::Value resource);

/// `POST Consent` of one that asks: keeps it for the patient, 201 with the request's id. Where
/// `organization` names another custodian, it is sent there in the name of this one. Errors:
/// role_refused (patients and guardians do not ask; others than the house's own people and software
/// do not ask elsewhere), those of `consents::read_consent`, `RequestDesk::ask` and
/// `peer::send_wish`.
[[nodiscard]] http::Response ask_for_consent(const Call& call, json::Value resource);

}  // namespace xl::gateway::fhir
