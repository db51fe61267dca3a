// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/router.h"
#include "gateway/services.h"

namespace xl::gateway::organisation {

/// The patient whose log a request is about: one's own, a ward's, or for those who oversee the one
/// that `patient` names. Errors: role_refused, parameter_invalid, party_unknown.
[[nodiscard]] Result<model::Id> patient_asked(const Services& services,
                                              custody::Organisation& organisation,
                                              const custody::Principal& who,
                                              const http::Request& request);

/// `GET /o/{org}/access-log?after=SEQUENCE&count=N`: for the patient, a guardian
/// (`patient=DID`), or the organisation's privacy officer or auditor (`patient=DID`). Looking is
/// itself an entry. Errors: role_refused, parameter_invalid, those of the journal.
[[nodiscard]] Result<http::Response> list_accesses(const Services& services,
                                                   custody::Organisation& organisation,
                                                   const custody::Principal& who,
                                                   const http::Request& request,
                                                   const PathValues& values);

/// `GET /o/{org}/access-log/{sequence}/proof`: the entry, its place under a journal root and the
/// transaction that anchored the root. Errors: as above, journal_not_sealed (not on the ledger
/// yet).
[[nodiscard]] Result<http::Response> prove_access(const Services& services,
                                                  custody::Organisation& organisation,
                                                  const custody::Principal& who,
                                                  const http::Request& request,
                                                  const PathValues& values);

/// `GET /o/{org}/access-log/proofs?before=SEQUENCE&count=N`: the proofs of a page of a patient's
/// entries, newest first, and how many entries there are. Errors: as `list_accesses`, those of the
/// ledger.
[[nodiscard]] Result<http::Response> prove_accesses(const Services& services,
                                                    custody::Organisation& organisation,
                                                    const custody::Principal& who,
                                                    const http::Request& request,
                                                    const PathValues& values);

}  // namespace xl::gateway::organisation
