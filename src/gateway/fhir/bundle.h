// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/fhir/face.h"

namespace xl::gateway::fhir {

/// `POST /`: a batch, each entry on its own, or a transaction, all entries or none. In a
/// transaction references between entries are resolved (R4 §3.1.0.11).
[[nodiscard]] http::Response process_bundle(const Call& call);

}  // namespace xl::gateway::fhir
