// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/signature.h"
#include "model/id.h"
#include "model/journal_entry.h"

namespace xl::vault {

/// An entry and its place in the journal.
struct KeptEntry {
  std::uint64_t sequence = 0;  ///< from 1, without gaps
  model::JournalEntry entry;
};

/// A run of entries under one root, and whether the chain has it.
struct JournalBatch {
  model::JournalRoot root;
  std::uint64_t sealed_ms = 0;
  std::uint64_t first_entry_ms = 0;  ///< time of the oldest entry
  /// Set once the transaction with the root is committed.
  std::optional<std::uint64_t> anchored_ms;
  Hash transaction{};  ///< id of that transaction
  /// Anchored more than `limits::journal_anchor_within_ms` after its oldest entry: the chain stood
  /// still. Reads went on; the delay is on record.
  bool late = false;
};

/// A key that signs or signed the journal.
struct JournalSigner {
  crypto::Algorithm algorithm{};
  Bytes public_key;
};

/// The reads of one session under one root, as the chain seals them: RFC 9162 tree over the hashes
/// of the session's permitted entries, in order.
struct SessionReads {
  Hash root{};  ///< of the empty tree when there are none
  std::uint64_t count = 0;
};

/// Sequences that the ledger has roots over and this journal has no entries at, as it was restored
/// from a backup that is older than those roots.
struct JournalGap {
  std::uint64_t first_sequence = 0;
  std::uint64_t last_sequence = 0;
  /// Entries up to this one were in the backup: they are here again, behind the gap. Those after it
  /// are lost. `first_sequence` - 1 when all are.
  std::uint64_t held_sequence = 0;
  Hash root{};  ///< the last root over them, as the ledger has it
  std::uint64_t noted_ms = 0;
};

/// What a whole journal was found to hold.
struct JournalSummary {
  std::uint64_t entries = 0;
  std::uint64_t lost = 0;  ///< in gaps, and not here again behind them
  std::uint64_t batches = 0;
  std::uint64_t anchored_batches = 0;
  Hash head{};  ///< hash of the last entry, zeros for none
};

/// Which entries are looked for, newest first.
struct JournalLook {
  /// About these patients; nothing: about all, and about nobody.
  std::optional<std::vector<model::Id>> patients;
  std::uint64_t before = UINT64_MAX;  ///< sequences below this one
  std::uint64_t from_ms = 0;          ///< of this time and later
  std::uint64_t to_ms = UINT64_MAX;   ///< of this time and earlier
};

/// The read journal of one organisation: append-only, encrypted, hash-chained, signed. Every method
/// is thread-safe.
class Journal {
 public:
  /// Opens or makes the journal in `directory`. `journal_key` (32 bytes) comes from the keyring;
  /// `signer` signs each synced group and outlives the journal.
  /// Errors: vault_locked, vault_version_unsupported, file_unwritable, those of
  /// `sqlite::Database::open`.
  [[nodiscard]] static Result<std::unique_ptr<Journal>> open(const std::filesystem::path& directory,
                                                             const model::Id& organisation,
                                                             ByteView journal_key,
                                                             const crypto::SigningKey& signer);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  /// Appends one entry and returns its sequence once it is durable. Entries of concurrent callers
  /// share one sync and one signature. Errors: journal_entry_too_large, journal_busy,
  /// database_full, those of a database. After an error nothing of the entry is kept: do not serve
  /// the read.
  [[nodiscard]] Result<std::uint64_t> append(const model::JournalEntry& entry);

  /// Appends consecutive entries, all or none; the sequence of the first. Errors: as `append`,
  /// vault_batch_too_large (none, or over `limits::journal_group_max`).
  [[nodiscard]] Result<std::uint64_t> append_batch(std::span<const model::JournalEntry> entries);

  /// The entry with this sequence. Errors: journal_entry_unknown, journal_entry_altered, those of a
  /// database.
  [[nodiscard]] Result<KeptEntry> entry(std::uint64_t sequence) const;

  /// The entries about a patient with a sequence above `after`, ascending, at most `count_max`:
  /// the patient's own access log. Errors: journal_page_too_large (over `limits::vault_page_max`),
  /// journal_entry_altered, those of a database.
  [[nodiscard]] Result<std::vector<KeptEntry>> entries_of(const model::Id& patient,
                                                          std::uint64_t after,
                                                          std::uint32_t count_max) const;

  /// What `look` asks for with descending sequences, at most `count_max`. Errors: as `entries_of`,
  /// vault_batch_too_large (over `limits::vault_page_max` patients).
  [[nodiscard]] Result<std::vector<KeptEntry>> newest(const JournalLook& look,
                                                      std::uint32_t count_max) const;

  /// How many entries `newest` would give on all its pages. Errors: vault_batch_too_large, those of
  /// a database. Cost: linear in the entries of the patients, which stay sealed.
  [[nodiscard]] Result<std::uint64_t> count(const JournalLook& look) const;

  /// The permitted reads of a patient's records in one session. Errors: journal_entry_altered,
  /// those of a database. Cost: reads the patient's entries, page by page.
  [[nodiscard]] Result<SessionReads> reads_of(const model::Id& patient,
                                              const model::Id& session) const;

  /// Puts the entries that are under no root yet under one, at most `limits::journal_batch_max`;
  /// nothing when there are none. Durable. Errors: those of a database.
  [[nodiscard]] Result<std::optional<JournalBatch>> seal(std::uint64_t now_ms);

  /// Batches that are not anchored, oldest first: after a restart, what is to be sent again.
  /// Errors: journal_page_too_large, those of a database.
  [[nodiscard]] Result<std::vector<JournalBatch>> unanchored(std::uint32_t count_max) const;

  /// The time of the first entry that is under no anchored root; nothing when all are. Constant
  /// cost. Errors: those of a database.
  [[nodiscard]] Result<std::optional<std::uint64_t>> oldest_unanchored_ms() const;

  /// The batch that holds an entry. Errors: journal_entry_unknown, journal_not_sealed, those of a
  /// database.
  [[nodiscard]] Result<JournalBatch> batch_of(std::uint64_t sequence) const;

  /// The transaction with this batch's root is committed. Marking again changes nothing. Durable.
  /// Errors: journal_entry_unknown (no batch begins there), those of a database.
  [[nodiscard]] Status mark_anchored(std::uint64_t first_sequence, const Hash& transaction,
                                     std::uint64_t anchored_ms);

  /// Proves an entry towards the root of its batch. Errors: as `batch_of`, journal_entry_altered.
  /// Cost: reads the hashes of the batch, 70 ms for the largest.
  [[nodiscard]] Result<model::JournalProof> prove(std::uint64_t sequence) const;

  /// From now on the ledger may hold roots that this journal does not have: it is a backup's.
  /// Durable. Errors: those of a database.
  [[nodiscard]] Status note_restored(std::uint64_t now_ms);

  /// True from `note_restored` until a batch that was sealed later is anchored. Errors: those of a
  /// database.
  [[nodiscard]] Result<bool> is_restored() const;

  /// Goes on behind the last root that the ledger has of this journal: entries under no anchored
  /// root are numbered again behind `last_sequence`, and what lies between is a gap, signed.
  /// Nothing happens when `last_sequence` ends the last anchored batch or the gap behind it.
  /// Durable, all or nothing. Errors: journal_root_mismatch (that batch has another root),
  /// journal_entry_missing (more is anchored here than there), journal_entry_altered, those of a
  /// database. Cost: writes those entries again.
  [[nodiscard]] Status go_on_behind(std::uint64_t last_sequence, const Hash& root,
                                    std::uint64_t now_ms);

  /// What was lost, ascending; empty but after a restore. Errors: journal_entry_altered, those of a
  /// database.
  [[nodiscard]] Result<std::vector<JournalGap>> gaps() const;

  /// Checks every entry, signature and root from the first one on, and that the roots in
  /// `anchored` (from the chain) are those of this journal. The first bad entry is named.
  /// Errors: journal_entry_missing (also: the journal ends before an anchored root),
  /// journal_entry_altered, journal_chain_broken, journal_signature_invalid,
  /// journal_root_mismatch, database_corrupt. Cost: reads everything, page by page, without holding
  /// others up.
  [[nodiscard]] Result<JournalSummary> verify(std::span<const JournalSigner> signers,
                                              std::span<const model::JournalRoot> anchored) const;

  /// The sequence of the last entry, or of the last lost one where none follows.
  [[nodiscard]] std::uint64_t size() const;

  struct Impl;  ///< of this folder's sources only

 private:
  explicit Journal(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// The bytes that are signed for the entries `first`..`last`, whose last hash is `head`.
[[nodiscard]] Bytes journal_group_bytes(const model::Id& organisation, std::uint64_t first,
                                        std::uint64_t last, const Hash& head);

}  // namespace xl::vault
