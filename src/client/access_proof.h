// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>

#include "base/json/json.h"
#include "contracts/access/sealed.pb.h"
#include "model/journal_entry.h"
#include "model/receipt.h"

namespace xl::client {

/// What a custodian shows to prove one entry of a patient's access log.
struct AccessProof {
  model::Id custodian;
  model::JournalRoot root;  ///< of the run of entries that holds this one
  model::JournalProof journal;
  Hash transaction{};                     ///< that brought the root
  model::Receipt anchor;                  ///< of that transaction
  std::optional<model::Receipt> key;      ///< of the key that had signed in
  std::optional<model::Receipt> service;  ///< of the organisation's service whose key that is
  std::optional<model::Receipt> session;  ///< of the session that was read in
  std::optional<model::Receipt> cohort;   ///< of the look at many patients that this was part of
};

/// What such a proof proves, once checked.
struct ProvenAccess {
  model::JournalEntry entry;
  xinglin::access::v1::AccessDetails details;
};

/// Reads `xinglin/access-proof/v1` (formats-custody.md §5). Errors: receipt_malformed, and those of
/// `model::read_receipt`.
[[nodiscard]] Result<AccessProof> read_access_proof(json::Value document);

/// Checks, offline, with `trust` alone: that the entry stands in the custodian's journal under a
/// root that the ledger holds, and is not of a later time; that its evidence is about the same
/// requester, patient and purpose; that the key named there is the requester's by the ledger, for
/// this organisation and in these roles, was good then and had signed in; that who came from
/// elsewhere was in a session, open then, that committed to what the evidence says; that the place
/// in a look at many patients leads to its root. A sign-in binds no single request: that a
/// custodian shows a read by its own staff which did not happen, while they were signed in, it
/// cannot exclude. Errors: content_differs (names the first part that does not fit),
/// journal_root_mismatch, journal_entry_altered, those of `model::verify_receipt`. Pure,
/// thread-safe.
[[nodiscard]] Result<ProvenAccess> check_access_proof(const AccessProof& proof,
                                                      const model::Trust& trust);

}  // namespace xl::client
