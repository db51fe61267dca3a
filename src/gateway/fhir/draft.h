// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>

#include "base/json/json.h"
#include "gateway/fhir/face.h"
#include "query/record_index.h"

namespace xl::gateway::fhir {

/// What `If-Match` wants to be the current version; as a condition: is there anything that it
/// wants.
struct IfMatch {
  std::optional<std::uint64_t> version = {};  ///< the version that the writer has seen
  bool any = false;                           ///< `*`: there is one
  explicit operator bool() const { return any || version.has_value(); }
  bool operator==(const IfMatch&) const = default;
};

/// A change that a request wants: one resource, to be created, replaced or deleted.
struct Draft {
  std::string type;
  std::string id;
  std::optional<json::Document> document = {};  ///< nothing: a deletion
  IfMatch if_match = {};
  bool only_new = false;  ///< `If-None-Match: *`
  bool by_put = false;    ///< the writer says under which id, or under which condition
  bool merges = false;    ///< of `$merge` and `$unmerge`: the links between Patients are as given
};

/// What became of a draft.
struct Written {
  query::RecordEntry entry;
  std::string content;
  Hash transaction{};  ///< that anchored it
  bool created = false;
  bool unchanged = false;  ///< a deletion of what was deleted, or never there: then of version 0
};

/// True for resource types that are about institutions, products and definitions, never patients.
[[nodiscard]] bool is_directory_type(std::string_view type);

/// May the principal write here: the organisation's own software and staff. Errors: role_refused.
[[nodiscard]] Status check_writer(const Call& call);
/// The answer to a principal who may not write at all, recorded as `refuse_role` does; nothing to
/// one who may.
[[nodiscard]] std::optional<http::Response> refuse_writer(const Call& call, std::string_view action,
                                                          std::string_view type,
                                                          std::string_view id);

/// What a writer of several drafts adds; each may be empty.
struct WriteHooks {
  /// Says in an error which of the drafts it is about.
  std::function<Error(std::size_t draft, const Error& error)> named = {};
  /// Called when all is ready to be written; an error keeps it from being written.
  std::function<Status(std::span<const custody::NewVersion> versions)> before = {};
  bool held = false;  ///< the caller holds the records already (`hold_records`)
};

/// Keeps other writers away from the records of drafts, whose documents need not be known yet.
/// Errors: custody_busy.
[[nodiscard]] Result<custody::RecordStore::Hold> hold_records(const Call& call,
                                                              std::span<const Draft> drafts);

/// Writes all drafts or none. Ids are set, content checked before. References by own addresses
/// become relative; links of a merge stay with both Patients (`keep_merges`). Errors:
/// fhir_version_conflict, fhir_exists, fhir_id_erased, fhir_part_only, fhir_patient_merged,
/// fhir_patient_unknown, fhir_patients_several, fhir_patient_fixed, those of the hooks and of
/// `RecordStore::commit`.
[[nodiscard]] Result<std::vector<Written>> write_drafts(const Call& call, std::vector<Draft> drafts,
                                                        const WriteHooks& hooks = {});

/// Parses a resource and checks it against its definition. A refusal when it does not pass.
struct CheckedResource {
  std::optional<json::Document> document;
  std::optional<http::Response> refused;
};
[[nodiscard]] CheckedResource read_resource(std::string_view body);
/// The checks of `read_resource` for a resource that is parsed already.
[[nodiscard]] std::optional<http::Response> check_resource(json::Value resource);

/// True for ids that FHIR allows.
[[nodiscard]] bool is_logical_id(std::string_view text);

/// `W/"3"` or `*` of an If-Match, or an ETag. Errors: parameter_invalid.
[[nodiscard]] Result<IfMatch> version_wanted(std::string_view if_match);

/// An id for a record that has none yet.
[[nodiscard]] std::string new_logical_id();

/// The answer to a write: 201 or 200 with the resource, or without when `Prefer` says so.
[[nodiscard]] http::Response written_reply(const Call& call, const Written& written);

/// Where its receipt is, as the value of a `Link` header (RFC 8288).
[[nodiscard]] std::string receipt_link(const Call& call, const Written& written);

}  // namespace xl::gateway::fhir
