// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/fhir/face.h"
#include "gateway/fhir/page.h"

namespace xl::gateway::fhir {

/// `Patient/id/$everything`, by GET or by POST with Parameters (FHIR R4, Patient-everything): the
/// patient's records of every type, and what they lead to among what is about nobody. `start` and
/// `end` are of the care, `_since` of the record; `_type` and `_count` as in searches. With an
/// empty `patient`, `Patient/$everything`: of all whom the requester may know.
[[nodiscard]] http::Response everything(const Call& call, std::string_view patient);

/// The parameters of an operation: of the URL, and of a body (Parameters) those with one primitive
/// value. Errors: those of `json::parse`, parameter_invalid (names the parameter).
[[nodiscard]] Result<Parameters> parameters_of(const Call& call);

}  // namespace xl::gateway::fhir
