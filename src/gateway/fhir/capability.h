// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/fhir/face.h"

namespace xl::gateway::fhir {

/// `GET metadata`: what this server really does, from the tables that it works by.
[[nodiscard]] http::Response capability_statement(const Call& call);

}  // namespace xl::gateway::fhir
