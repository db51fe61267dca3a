// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/fhir/face.h"
#include "gateway/fhir/page.h"

namespace xl::gateway::fhir {

/// What a request asks of the access desk: who, why (`X-Purpose-Of-Use`, an HL7 v3 code; else TREAT
/// for practitioners, PATRQT, FAMRQT, and HOPERAT for software), by which emergency
/// (`X-Emergency-Entry`). Errors: purpose_unknown, identifier_malformed.
[[nodiscard]] Result<custody::Ask> ask_of(const Call& call, contracts::consent::Action action);

/// `GET Type/id`.
[[nodiscard]] http::Response read(const Call& call, std::string_view type, std::string_view id);
/// As `read`, whatever the parameters.
[[nodiscard]] http::Response read_whatever_asked(const Call& call, std::string_view type,
                                                 std::string_view id);
/// The answer where `viewer` may not know the current version of a record, recorded, as a read
/// would be refused; nothing where it may.
[[nodiscard]] std::optional<http::Response> refuse_unseen(const Call& call, custody::Viewer& viewer,
                                                          std::string_view type,
                                                          std::string_view id);
/// Records that somebody may not ask for this at all, whatever consents say: in the log of the
/// patient whose record `type`/`id` is, else (no `id`, no such record, one of nobody's) in
/// nobody's. Errors: those of index and journal.
[[nodiscard]] Status note_role_refused(const Call& call, std::string_view action,
                                       std::string_view type, std::string_view id);
/// The answer `error` to such a request, recorded first. For whom the house tells nothing it is
/// even, from `begun` on.
[[nodiscard]] http::Response refuse_role(const Call& call, std::string_view action,
                                         std::string_view type, std::string_view id,
                                         const Error& error, const EvenTime& begun);
/// `GET Type/id/_history/version`.
[[nodiscard]] http::Response read_version(const Call& call, std::string_view type,
                                          std::string_view id, std::string_view version);

}  // namespace xl::gateway::fhir
