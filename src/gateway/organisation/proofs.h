// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/router.h"
#include "gateway/services.h"

namespace xl::gateway::organisation {

/// `GET /o/{org}/records/{type}/{id}/proof?version=N`: what proves that a record version is on the
/// ledger and has this content: the opening of its commitment and a receipt of the ledger's state.
/// For those who may read the record; it is journalled as a read. Errors: access_refused,
/// fhir_not_found, those of the vault and `query::Ledger::state_receipt`.
[[nodiscard]] Result<http::Response> prove_record(const Services& services,
                                                  custody::Organisation& organisation,
                                                  const custody::Principal& who,
                                                  const http::Request& request,
                                                  const PathValues& values);

/// `xinglin/record-proof/v1` of one version of a patient's record. Whether whoever gets it may is
/// the caller's to know. Errors: those of `query::Ledger::state_receipt`.
[[nodiscard]] Result<std::string> record_proof(const Services& services,
                                               custody::Organisation& organisation,
                                               const vault::RecordVersion& which,
                                               const model::Id& patient,
                                               const vault::CommitmentOpening& opening);

}  // namespace xl::gateway::organisation
