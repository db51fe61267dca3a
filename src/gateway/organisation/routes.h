// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/router.h"
#include "gateway/services.h"

/// What an organisation offers beside FHIR: consents, emergencies, access logs, proofs.
namespace xl::gateway::organisation {

/// Adds `/o` and `/o/{org}/...`.
void add_routes(Router& router, const Services& services);

}  // namespace xl::gateway::organisation
