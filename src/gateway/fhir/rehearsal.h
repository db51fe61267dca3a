// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "gateway/fhir/face.h"

namespace xl::gateway::fhir {

/// What a transaction is about to write, while its reads are tried before: they answer as if it
/// were written already, and nothing is recorded as served, as nothing is. A refusal is recorded:
/// it is the transaction's answer.
struct Rehearsal {
  std::span<const custody::NewVersion> versions;
};

/// The current version of a record. Errors: those of the index.
[[nodiscard]] Result<query::RecordEntry> current_entry(const Call& call, std::string_view type,
                                                       std::string_view id);
/// One version of a record. Errors: those of the index.
[[nodiscard]] Result<query::RecordEntry> version_entry(const Call& call, std::string_view type,
                                                       std::string_view id, std::uint64_t version);
/// The version that is about to be written; null when this one is kept, or nothing is tried.
[[nodiscard]] const custody::NewVersion* rehearsed(const Call& call,
                                                   const query::RecordEntry& entry);
/// The content of a version. Errors: those of the records.
[[nodiscard]] Result<std::string> content_of(const Call& call, const query::RecordEntry& entry);
/// Opens the desk. Errors: those of `AccessDesk::open`.
[[nodiscard]] Result<custody::Viewer> open_viewer(const Call& call, custody::Ask ask);

}  // namespace xl::gateway::fhir
