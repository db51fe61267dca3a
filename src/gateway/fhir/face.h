// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/router.h"
#include "gateway/services.h"

/// Each organisation's FHIR R4 server: `/o/{org}/fhir`, and `/fhir` on a node of one organisation.
namespace xl::gateway::fhir {

/// Adds the routes of every organisation. Errors of these routes are OperationOutcomes.
void add_routes(Router& router, const Services& services);

struct Rehearsal;

/// One request for one organisation. The views live as long as the request.
struct Call {
  const Services& services;
  custody::Organisation& organisation;
  const http::Request& request;
  std::string base;                        ///< `http://host/o/{org}/fhir`
  std::vector<std::string_view> segments;  ///< of the path behind the base
  custody::Principal principal;            ///< not set for `metadata`
  /// Set when an app asks for the principal (`scope.h`).
  std::shared_ptr<const auth::Grant> grant = nullptr;  // that of the token
  /// Set while a read of a transaction is tried before anything is written (`rehearsal.h`).
  const Rehearsal* rehearsal = nullptr;
};

/// Answers one interaction, as entries of a Bundle do too. Never an error: a refusal is an answer.
[[nodiscard]] http::Response answer(const Call& call);

}  // namespace xl::gateway::fhir
