// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/id.h"

namespace xl::model {

/// What the custodian decided. On-disk value: never renumber.
enum class JournalDecision : std::uint8_t { permitted = 1, denied = 2 };

/// What became of the request. On-disk value: never renumber.
enum class JournalOutcome : std::uint8_t {
  served = 1,   ///< the data were about to be sent when this was written
  refused = 2,  ///< nothing was sent
  failed = 3,   ///< permitted, and an error came between
};

/// One read: who, whose data, what, why, how it was decided.
struct JournalEntry {
  std::uint64_t time_ms = 0;
  Id actor;         ///< the person or service; zero when nobody could be told
  Id organisation;  ///< for whom the actor acts
  Id patient;       ///< whose data; a cohort is one entry for each patient
  Id session;       ///< session, cohort or emergency entry on the chain; zero: own care
  JournalDecision decision = JournalDecision::denied;
  JournalOutcome outcome = JournalOutcome::refused;
  std::string action;   ///< "read", "search", "export" …
  std::string purpose;  ///< purpose of use, "TREAT" …
  std::string reason;   ///< of the decision, or the text given for an emergency
  Bytes subject;        ///< what was asked for: record and version, or the query
  Bytes evidence;       ///< delegation, signatures: what the decision rested on
  bool operator==(const JournalEntry&) const = default;
};

/// What is anchored on the chain for a run of entries. Says nothing of their content: every entry
/// has a secret salt.
struct JournalRoot {
  Hash root{};           ///< RFC 9162 tree over the entries' hashes
  Hash previous_root{};  ///< of the run before, zeros for the first
  std::uint64_t first_sequence = 0;
  std::uint64_t last_sequence = 0;

  [[nodiscard]] std::uint64_t count() const { return last_sequence - first_sequence + 1; }
  bool operator==(const JournalRoot&) const = default;
};

/// Proves one entry towards an anchored root, showing no other.
struct JournalProof {
  std::uint64_t sequence = 0;
  Hash previous{};  ///< hash of the entry before
  Hash salt{};
  Bytes content;  ///< `encode_journal_entry(entry)`
  std::vector<Hash> path;
};

/// The bytes of an entry (formats-vault.md §8). Errors: journal_entry_too_large.
[[nodiscard]] Result<Bytes> encode_journal_entry(const JournalEntry& entry);

/// Reads the bytes of an entry, canonical only. Errors: journal_entry_altered.
[[nodiscard]] Result<JournalEntry> decode_journal_entry(ByteView content);

/// tagged_hash("xinglin/journal-leaf/v1", salt ‖ content): hides the content.
[[nodiscard]] Hash journal_leaf(const Hash& salt, ByteView content);

/// tagged_hash("xinglin/journal-entry/v1", organisation ‖ sequence ‖ previous ‖ leaf).
[[nodiscard]] Hash journal_hash(const Id& organisation, std::uint64_t sequence,
                                const Hash& previous, const Hash& leaf);

/// The entry that `proof` proves to be under `root`, which the verifier took from the chain.
/// Errors: journal_root_mismatch (another entry, root or organisation), journal_entry_altered.
[[nodiscard]] Result<JournalEntry> verify_journal_proof(const Id& organisation,
                                                        const JournalProof& proof,
                                                        const JournalRoot& root);

}  // namespace xl::model
