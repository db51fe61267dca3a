// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>
#include <span>
#include <vector>

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
  Hash transaction{};                       ///< that brought the root
  model::Receipt anchor;                    ///< of that transaction
  std::optional<model::Receipt> key;        ///< of the key that had signed in
  std::optional<model::Receipt> service;    ///< of the organisation's service whose key that is
  std::optional<model::Receipt> session;    ///< of the session that was read in
  std::optional<model::Receipt> cohort;     ///< of the look at many patients that this was part of
  std::optional<model::Receipt> emergency;  ///< of the emergency that the entry is about
};

/// The custodian's signed word for which entries a page has.
struct AccessListStatement {
  std::uint64_t before = 0;  ///< the page has the newest entries numbered below
  std::uint64_t count = 0;   ///< entries of the patient numbered below `before`
  std::uint64_t height = 0;
  std::uint64_t time_ms = 0;
  Hash key_id{};
  Bytes signature;
  std::optional<model::Receipt> key;
  std::optional<model::Receipt> service;  ///< of the custodian's service whose key that is
};

/// Proofs of a page of a patient's log, and of how many entries it is one.
struct AccessProofs {
  model::Id custodian;
  model::Id patient;
  std::uint64_t total = 0;                       ///< entries of the patient as of the first page
  std::uint64_t next_before = 0;                 ///< where the next page goes on; 0: there is none
  std::vector<AccessProof> entries;              ///< newest first
  std::vector<std::uint64_t> waiting;            ///< sequences that are not on the ledger yet
  std::optional<AccessListStatement> statement;  ///< nothing: the entries are a selection
};

/// What all pages of a log prove together.
struct ProvenAccessList {
  model::Id patient;
  model::Id custodian;
  std::uint64_t proven = 0;   ///< entries whose proofs hold
  std::uint64_t waiting = 0;  ///< entries that the ledger did not have yet
  std::uint64_t total = 0;    ///< entries that the custodian signed that there are
  std::uint64_t height = 0;   ///< of the ledger when it did, for the first page
  std::uint64_t time_ms = 0;  ///< when it did
};

/// What such a proof proves, once checked.
struct ProvenAccess {
  model::JournalEntry entry;
  xinglin::access::v1::AccessDetails details;
};

/// Reads `xinglin/access-proof/v1` (formats-custody.md §5). Errors: receipt_malformed, and those of
/// `model::read_receipt`.
[[nodiscard]] Result<AccessProof> read_access_proof(json::Value document);

/// Reads `xinglin/access-proofs/v1` (formats-custody.md §5). Errors: as `read_access_proof`.
[[nodiscard]] Result<AccessProofs> read_access_proofs(json::Value document);

/// Checks, offline, every entry of a page as `check_access_proof` does, that each is about the
/// page's patient and from its custodian, and that they descend without one twice. Errors: those of
/// `check_access_proof`, each naming the entry.
[[nodiscard]] Result<std::vector<ProvenAccess>> check_access_proofs(const AccessProofs& proofs,
                                                                    const model::Trust& trust);

/// Checks, offline, that `pages` are a whole log, newest first: each as `check_access_proofs` does
/// and signed by the custodian as it is; the first has the newest entries, each goes on where the
/// one before ended, the last has the oldest; together they have as many as the custodian signed
/// that there are; none waits that the ledger had. What it cannot find: an entry that the custodian
/// left out of what it signed. Errors: access_list_unsigned (no statement, or not over just this),
/// content_differs, receipt_malformed (no pages), those of `check_access_proofs`.
[[nodiscard]] Result<ProvenAccessList> check_access_list(std::span<const AccessProofs> pages,
                                                         const model::Trust& trust);

/// Checks, offline, with `trust` alone: that the entry stands in the custodian's journal under a
/// root that the ledger holds, and is not of a later time; that its evidence is about the same
/// requester, patient and purpose; that the key named there is the requester's by the ledger, for
/// this organisation and in these roles, was good then and had signed in; that who came from
/// elsewhere was in a session, open then, that committed to what the evidence says; that the place
/// in a look at many patients leads to its root. An entry that says what became of an emergency
/// rests on the ledger's record of that instead: of this practitioner, for this organisation, about
/// this patient, and that it came so. A sign-in binds no single request: that a
/// custodian shows a read by its own staff which did not happen, while they were signed in, it
/// cannot exclude. Errors: content_differs (names the first part that does not fit),
/// journal_root_mismatch, journal_entry_altered, those of `model::verify_receipt`. Pure,
/// thread-safe.
[[nodiscard]] Result<ProvenAccess> check_access_proof(const AccessProof& proof,
                                                      const model::Trust& trust);

}  // namespace xl::client
