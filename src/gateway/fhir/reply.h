// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "fhir/issue.h"
#include "gateway/http/message.h"
#include "query/record_index.h"

namespace xl::gateway::fhir {

using xl::fhir::Issue;
using xl::fhir::IssueType;

constexpr std::string_view media_type = "application/fhir+json; charset=utf-8";

/// A JSON answer of the FHIR face.
[[nodiscard]] http::Response reply(std::string body, unsigned status = 200);

/// An OperationOutcome for one error, with the HTTP status that fits it.
[[nodiscard]] http::Response refusal(const Error& error);

/// The answer to a request that no FHIR handler saw: an OperationOutcome where `target` (as in the
/// request line, or decoded) is below a FHIR base, else a problem document, which
/// names `archives`.
[[nodiscard]] http::Response refusal_at(std::string_view target, unsigned status,
                                        const Error& error, std::string_view request_id,
                                        std::span<const std::string> archives = {});

/// An OperationOutcome for what a resource was found to break: 422, 400 when it is no resource.
[[nodiscard]] http::Response refusal(std::span<const Issue> issues);

/// Adds ETag (`W/"3"`) and Last-Modified of a version.
void add_version_headers(http::Response& response, const query::RecordEntry& entry);

/// `Patient/7`, `Patient/7/_history/3`.
[[nodiscard]] std::string path_of(const query::RecordEntry& entry, bool with_version = false);

/// A FHIR instant in UTC with milliseconds.
[[nodiscard]] std::string instant_text(std::uint64_t milliseconds);

}  // namespace xl::gateway::fhir
