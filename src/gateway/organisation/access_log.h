// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/router.h"
#include "gateway/services.h"

namespace xl::gateway::organisation {

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

}  // namespace xl::gateway::organisation
