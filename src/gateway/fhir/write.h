// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/fhir/draft.h"
#include "gateway/fhir/face.h"

namespace xl::gateway::fhir {

/// `POST Type`: a new record under an id of ours; with `If-None-Exist` only where its condition
/// finds none, else the one that it finds.
[[nodiscard]] http::Response create(const Call& call, std::string_view type);
/// `PUT Type/id`: a new version, or a new record under this id. `If-Match` is obeyed.
[[nodiscard]] http::Response update(const Call& call, std::string_view type, std::string_view id);
/// `PATCH Type/id`: a new version made of the current one by a JSON Patch
/// (application/json-patch+json) or a FHIRPath Patch (a Parameters resource). The requester reads
/// what it changes: that is decided and recorded first. `If-Match` is obeyed; without it nobody
/// else's write is in the way: others wait (custody_busy after 30 s).
[[nodiscard]] http::Response patch(const Call& call, std::string_view type, std::string_view id);
/// `PUT`, `PATCH` and `DELETE Type?condition`: of the one record that the condition means.
[[nodiscard]] http::Response write_where(const Call& call, std::string_view type);
/// The resource with the changes of a patch, checked as one that comes from outside.
[[nodiscard]] CheckedResource patched_resource(std::string_view content, json::Value changes,
                                               bool is_json_patch);
/// The refusal of a patch that changes type or id; nothing where both stay.
[[nodiscard]] std::optional<Error> moved_by_patch(json::Value patched, std::string_view type,
                                                  std::string_view id);
/// `DELETE Type/id`: a version that says so; what was there stays in the history.
[[nodiscard]] http::Response remove(const Call& call, std::string_view type, std::string_view id);

}  // namespace xl::gateway::fhir
