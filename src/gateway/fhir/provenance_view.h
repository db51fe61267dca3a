// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/fhir/views.h"

/// Who wrote each version of a record, as Provenances: what the version's sealed labels and its
/// anchor on the ledger say. Decided like a read of the version, and journalled as one.
namespace xl::gateway::fhir {

/// Versions of one record that a search looks through.
constexpr std::uint64_t provenance_versions_max = 10'000;

/// What the ledger answers of `GET Provenance?target=Type/id[/_history/n]`; null when the search
/// names no record of this server as its one target. Further parameters of Provenance are asked of
/// the resource that is shown. Errors: as `open_audit_view`, those of the desk.
[[nodiscard]] Result<std::unique_ptr<View>> open_provenance_view(const Call& call,
                                                                 const SearchPlace& place,
                                                                 const Parameters& parameters,
                                                                 Part& part);

/// `GET Provenance/xl-RECORD-VERSION`: the resource; nothing when there is no such version, or
/// whoever asks may not read it. Errors: those of the desk, the index and the journal.
[[nodiscard]] Result<std::optional<std::string>> read_provenance(const Call& call,
                                                                 std::string_view id);

}  // namespace xl::gateway::fhir
