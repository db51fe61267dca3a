// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/fhir/face.h"

/// Two Patients that are one person, and back (IHE PDQm/PIXm, FHIR R5 `Patient/$merge`). Nothing
/// moves: each record stays with the patient it was anchored for, with its history and its proofs,
/// and each of the two keeps its own consents. What is merged are the questions: who asks about the
/// one who stays is answered about the other as well.
namespace xl::gateway::fhir {

/// `POST Patient/$merge` and, with `undo`, `POST Patient/$unmerge`: Parameters with
/// `source-patient` and `target-patient` (each a Reference) and `preview` (true: nothing is
/// written). The source becomes inactive and is linked as `replaced-by`, the target as `replaces`;
/// both at once, each a version of its own; undone, the source is active as it said before. The
/// answer is a Parameters with `outcome` and `result`.
[[nodiscard]] http::Response merge(const Call& call, bool undo);

/// The Patients that were merged into this one, directly or through another.
/// Errors: those of the index and the vault, search_too_broad (more than 64).
[[nodiscard]] Result<std::vector<query::RecordEntry>> merged_into(const Call& call,
                                                                  std::string_view id);

/// Puts into the next version of a Patient what `$merge` wrote into `current` and another Patient
/// answers to, where it is missing: the link, as it was, and of who was replaced `active` false. A
/// feed that knows nothing of merges does not undo them. Errors: those of the index and the vault.
[[nodiscard]] Status keep_merges(const Call& call, const query::RecordEntry& current,
                                 json::Document& next);

/// A Patient that is merged with another one is not removed: half a merge would neither hold nor be
/// undone. Errors: fhir_patient_merged, those of the index and the vault.
[[nodiscard]] Status check_not_merged(const Call& call, const query::RecordEntry& current);

}  // namespace xl::gateway::fhir
