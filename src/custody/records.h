// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "custody/labels.h"
#include "custody/ledger_port.h"
#include "custody/stores.h"

namespace xl::custody {

/// One version of a record that is to be kept: what the index shall say of it, what is sealed with
/// it, and the content (a FHIR resource as JSON text). `entry.vault_version` equals
/// `entry.version`; the next one after the current version, 1 for a new record.
struct NewVersion {
  query::RecordEntry entry;
  Labels labels;
  std::string content;
};

/// A version in the clear.
struct OpenedRecord {
  std::string content;
  Labels labels;
};

/// One organisation's records, from plaintext to anchored and back: the only path on which they are
/// written. A version is acknowledged when its body is synced in the vault, its anchor committed on
/// the ledger and its entry in the index. That entry is synced later, and the body confirmed behind
/// it (`confirm_finished`); what a crash interrupts in between is finished at the next start.
/// Thread-safe.
class RecordStore {
 public:
  /// Both outlive it.
  RecordStore(Stores& stores, const LedgerPort& port) : stores_(stores), port_(port) {}

  /// Keeps other writers away from some records, from reading their current version until the new
  /// one is committed.
  class Hold {
   public:
    Hold(Hold&& other) noexcept
        : store_(other.store_), ticket_(other.ticket_), names_(std::move(other.names_)) {
      other.store_ = nullptr;
    }
    Hold& operator=(Hold&&) = delete;
    ~Hold();

   private:
    friend class RecordStore;
    Hold(RecordStore* store, std::uint64_t ticket, std::vector<std::string> names)
        : store_(store), ticket_(ticket), names_(std::move(names)) {}
    RecordStore* store_;
    std::uint64_t ticket_;
    std::vector<std::string> names_;
  };
  /// Waits for every one of `names` (`Type/id`), in the order of arrival, so that nobody is passed
  /// over and no two writers wait for each other. Errors: custody_busy (30 s).
  [[nodiscard]] Result<Hold> hold(std::vector<std::string> names);

  /// The current version, deleted or not; nothing for a record that never was. Errors: the index's.
  [[nodiscard]] Result<std::optional<query::RecordEntry>> current(std::string_view type,
                                                                  std::string_view id);

  /// Keeps versions, all or none; versions of concurrent callers share syncs and blocks. The caller
  /// holds the records. The transactions that anchor them, one for each version. Errors: those of
  /// the vault, the ledger and the index; after wait_timed_out, node_stopping and store errors the
  /// versions may still come to be kept.
  [[nodiscard]] Result<std::vector<Hash>> commit(std::vector<NewVersion> versions);

  /// Syncs the index and confirms the bodies that were finished since, many with two syncs. Called
  /// every second or so, and before the stores are closed. Errors: those of the index and the
  /// vault.
  [[nodiscard]] Status confirm_finished();

  /// Content and labels of a version, every digest checked. Errors: those of `RecordVault::get`.
  [[nodiscard]] Result<OpenedRecord> open(const query::RecordEntry& entry);

  /// Finishes what a crash or a lost answer left behind: anchors bodies that were kept and not
  /// anchored, indexes what is anchored, drops what can never be. With `all` also what is younger
  /// than its transactions live: only when nothing is under way, at start. The number of versions
  /// handled. Errors: those of `commit`.
  [[nodiscard]] Result<std::size_t> settle(bool all);

 private:
  struct Job {
    std::vector<NewVersion> versions;
    std::vector<Hash> transactions;
    std::size_t bytes = 0;
    Status status;
    bool done = false;
  };
  struct Sending;

  void leave(std::uint64_t ticket, const std::vector<std::string>& names);
  void lead(std::unique_lock<std::mutex>& lock);
  void run(const std::vector<Job*>& jobs);
  [[nodiscard]] Status keep(const std::vector<Job*>& jobs, std::vector<vault::Anchored>& anchored);
  void anchor(const std::vector<Job*>& jobs, const std::vector<vault::Anchored>& anchored);
  [[nodiscard]] Status finish(const std::vector<Job*>& jobs,
                              const std::vector<vault::Anchored>& anchored);
  [[nodiscard]] Status confirm(std::span<const vault::SuiteDigest> bodies);
  [[nodiscard]] Status drop_erased(const std::vector<query::RecordEntry>& entries);
  [[nodiscard]] Error settle_former(const Job& job, const Error& refusal);
  [[nodiscard]] Result<bool> settle_one(const vault::Bodies::Orphan& orphan, bool all);
  [[nodiscard]] Status settle_resource(const vault::RecordVersion& which, const model::Id& patient,
                                       std::string content, Labels labels);
  /// True when this copy of the ledger has every one of them.
  [[nodiscard]] bool are_anchored(const std::vector<vault::RecordVersion>& versions);
  void withdraw(const std::vector<vault::RecordVersion>& versions);

  Stores& stores_;
  const LedgerPort& port_;

  std::mutex hold_mutex_;  // guards the lines
  std::condition_variable released_;
  std::uint64_t next_ticket_ = 0;
  /// Of each name that is held or waited for: who holds it, then who waits, as they came.
  std::map<std::string, std::deque<std::uint64_t>, std::less<>> lines_;

  std::mutex queue_mutex_;  // guards the queue
  std::condition_variable queue_changed_;
  std::deque<Job*> queue_;
  bool leading_ = false;  // one of the callers commits for all

  std::mutex finished_mutex_;  // guards what waits to be confirmed
  std::vector<vault::SuiteDigest> finished_;
};

/// What the index says of a vault record. Errors: record_altered, index_entry_invalid.
[[nodiscard]] Result<query::RecordEntry> entry_of(const model::Id& organisation,
                                                  const vault::RecordVersion& which,
                                                  const model::Id& patient, const Labels& labels,
                                                  std::string_view content);

/// True when the ledger's state has this version with this ciphertext.
[[nodiscard]] bool is_anchored(const model::StateReader& state, const vault::RecordVersion& which,
                               const vault::Anchored& kept);

/// Sees that the index is the one that was written last, and makes it again when it is lost or an
/// older one: records that are kept and not found look as if they had never been. `progress`, which
/// may be empty, gets the number of versions read for a new one. Errors: those of the stores.
[[nodiscard]] Status check_index(Stores& stores, const model::StateReader& state,
                                 const std::function<void(std::uint64_t)>& progress);

/// Sees that the read journal has every entry that the ledger holds a root of, under that root.
/// Errors: journal_entry_missing, journal_root_mismatch, those of the journal.
[[nodiscard]] Status check_journal(Stores& stores, const model::StateReader& state);

/// Fills the index again from the vault with every version that the ledger has. `progress` gets the
/// number of versions read. Returns the records with a version left out, as `RecordIndex::rebuild`.
/// Errors: those of the stores.
[[nodiscard]] Result<std::vector<model::Id>> rebuild_index(
    Stores& stores, const model::StateReader& state,
    const std::function<void(std::uint64_t)>& progress);

/// Decrypts every version that the ledger has and compares what the index holds with it; returns
/// their number. `progress` gets the number of versions read. Errors: index_differs, those of the
/// stores (each names the record).
[[nodiscard]] Result<std::uint64_t> verify_index(
    Stores& stores, const model::StateReader& state,
    const std::function<void(std::uint64_t)>& progress);

}  // namespace xl::custody
