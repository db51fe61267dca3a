// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/fhir/views.h"

/// The organisation's read journal as AuditEvents (IHE ITI-81). The patient sees what is about the
/// patient, a guardian in office what is about the ward, a privacy officer or auditor of the
/// organisation everything, one of a regulator everything without what tells of records. Every look
/// is journalled before its first byte.
namespace xl::gateway::fhir {

/// Why a regulator looks, as its requests must say (`X-Purpose-Of-Use`).
constexpr std::string_view regulators_purpose = "HCOMPL";

/// Entries that a search with further criteria than patient and date looks at: each is opened.
constexpr std::uint64_t audit_entries_looked_at_max = 10'000;

/// What is searched beside the journal: the AuditEvents that applications reported, or nothing.
enum class AuditBeside { reported, nothing };

/// What the journal answers of a search for AuditEvents; null when it shows whoever asks nothing.
/// `patient` names patients by reference or DID, `date` and `_id` as ever; any other parameter of
/// AuditEvent is asked of the resource that is shown, as the index would. `part` gets `_summary`
/// and `_elements`. Errors: search_parameter_unknown, search_modifier_unsupported,
/// search_value_invalid, fhir_parameter_unsupported, those of the index.
[[nodiscard]] Result<std::unique_ptr<View>> open_audit_view(
    const Call& call, const SearchPlace& place, const Parameters& parameters, Part& part,
    AuditBeside beside = AuditBeside::reported);

/// `GET AuditEvent/xl-N`: the resource; nothing when there is no such entry, or not for whoever
/// asks. Errors: those of the journal.
[[nodiscard]] Result<std::optional<std::string>> read_audit_event(const Call& call,
                                                                  std::string_view id);

/// The patients whom `text` (`Patient/7`, `7`, a DID) names here, those merged into it too. Errors:
/// those of the index.
[[nodiscard]] Result<std::vector<model::Id>> patients_named(const Call& call,
                                                            std::string_view text);

/// May whoever asks see what is journalled of this patient; of nobody's (zero) only who oversees
/// all. An app needs a scope for AuditEvents without conditions. Errors: store_corrupt.
[[nodiscard]] Result<bool> may_see_log(const Call& call, const model::Id& patient);

}  // namespace xl::gateway::fhir
