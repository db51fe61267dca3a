// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>
#include <string_view>

#include "base/json/json.h"
#include "gateway/fhir/face.h"
#include "query/search_text.h"

/// References by this server's own addresses mean what relative ones mean.
namespace xl::gateway::fhir {

/// What this server is called: below the public URL and below the one that was asked,
/// `/o/{org}/fhir`, and `/fhir` where the node serves that; `/o/{org}/fhir/` behind any host.
[[nodiscard]] query::OwnNames own_names(const Call& call);

/// `Type/id` of a reference to a record of this server, with or without a version; empty for one
/// to anything else.
[[nodiscard]] std::string own_record(const query::OwnNames& own, std::string_view reference);

/// Writes references of a resource by own addresses without them, so that everything else, the
/// index made again on another day too, reads them as what they are. Resources inside a Bundle stay
/// as they are: their references mean each other by their full URLs.
void make_own_relative(json::Document& resource, const query::OwnNames& own);

}  // namespace xl::gateway::fhir
