// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/fhir/face.h"
#include "query/record_index.h"

/// The scopes of an app that asks (SMART App Launch 2.2). They only narrow what the consents
/// permit the person behind it; a call without an app passes everything here.
namespace xl::gateway::fhir {

/// May the app ask this at all? Asked of every interaction, entries of a Bundle too. Errors:
/// scope_insufficient (names what is missing).
[[nodiscard]] Status check_scope(const Call& call);

/// May the app write this version, in the place of `before` (null: none)? It has to be about the
/// launch's patient where the scope says so, and to meet the scope's constraint, as the one before
/// it has. `by_put`: what is new is written as an update. Errors: scope_insufficient, those of
/// opening a record.
[[nodiscard]] Status check_written_scope(const Call& call, const query::RecordEntry& version,
                                         const query::RecordEntry* before, bool by_put);

/// May the app know of this version? By its type, its patient and, where a scope has a constraint,
/// by what it holds. Cost: opens the record for a constraint.
[[nodiscard]] bool shows(const Call& call, const query::RecordEntry& entry);

/// The patient whom the app's scopes for what is asked are about, when they are about one alone.
[[nodiscard]] std::optional<model::Id> only_patient_of(const Call& call);

/// The parameters of a search for a type with those that the app's scope adds to it: so that what
/// it may not know is not even looked at. What comes out passes `shows` all the same.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> with_constraints(
    const Call& call, std::string_view type,
    std::vector<std::pair<std::string, std::string>> parameters);

}  // namespace xl::gateway::fhir
