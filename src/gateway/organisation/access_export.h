// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>

#include "fhir/time.h"
#include "gateway/router.h"
#include "gateway/services.h"

namespace xl::gateway::organisation {

/// A parameter that is a day, YYYY-MM-DD in UTC: its first and last millisecond; nothing without
/// one. Errors: parameter_invalid.
[[nodiscard]] Result<std::optional<xl::fhir::TimeRange>> day_asked(const http::Request& request,
                                                                   std::string_view name);

/// `GET /o/{org}/access-log/export?format=csv|pdf&patient=DID&from=DAY&to=DAY&disclosures=true
/// &bom=false`: a patient's access log as a file for people, for those who may see the log; the
/// look is journalled before. Days are YYYY-MM-DD in UTC, both included. Errors: as
/// `list_accesses`, parameter_invalid, export_too_large, export_font_missing.
[[nodiscard]] Result<http::Response> export_accesses(const Services& services,
                                                     custody::Organisation& organisation,
                                                     const custody::Principal& who,
                                                     const http::Request& request,
                                                     const PathValues& values);

}  // namespace xl::gateway::organisation
