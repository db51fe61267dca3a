// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>

#include "crypto/secret.h"
#include "vault/journal.h"
#include "vault/places.h"
#include "vault/statements.h"

/// For the sources of the journal only.
namespace xl::vault {

namespace detail {

/// The key of the journal's database.
[[nodiscard]] crypto::SecretBytes journal_database_key(ByteView journal_key);
/// The key that seals the entries of one run of 2^20 sequences: no key comes near the 2^32 calls
/// that AES-GCM allows with random nonces.
[[nodiscard]] crypto::SecretBytes journal_entry_key(ByteView journal_key,
                                                    const model::Id& organisation,
                                                    std::uint64_t sequence);
/// What the sealed form of an entry is bound to.
[[nodiscard]] Bytes journal_bound_to(const model::Id& organisation, std::uint64_t sequence);

/// One caller of `append_batch`, waiting.
struct Ticket {
  struct Part {
    Bytes content;
    std::uint64_t time_ms = 0;
    model::Id patient;
  };
  std::vector<Part> parts;
  std::uint64_t first_sequence = 0;
  Status status;
  bool done = false;
};

/// A stored row, opened.
struct OpenedEntry {
  std::uint64_t sequence = 0;
  Hash previous{};
  Hash leaf{};
  Hash salt{};
  Bytes content;
  model::JournalEntry entry;
};

}  // namespace detail

/// What the journal's sources share.
struct Journal::Impl {
  Impl(DirectoryLock taken, sqlite::Database database, const model::Id& whose, ByteView key,
       const crypto::SigningKey& signing)
      : lock(std::move(taken)),
        organisation(whose),
        journal_key(crypto::SecretBytes::copy_of(key)),
        signer(signing),
        store(std::move(database)) {}

  DirectoryLock lock;
  model::Id organisation;
  crypto::SecretBytes journal_key;
  const crypto::SigningKey& signer;

  std::mutex queue_mutex;  // guards the queue
  std::condition_variable queue_changed;
  std::deque<detail::Ticket*> queue;
  std::size_t waiting = 0;  // entries in the queue
  bool writing = false;     // one of the callers writes for all

  mutable std::mutex store_mutex;  // guards what follows
  detail::Store store;
  std::uint64_t last_sequence = 0;
  Hash last_hash{};
  std::uint64_t entry_key_run = 0;
  crypto::SecretBytes entry_key;

  [[nodiscard]] ByteView key_of(std::uint64_t sequence);
  [[nodiscard]] Status load_head();
  [[nodiscard]] Status write_group(std::span<detail::Ticket* const> tickets);
  /// Stores an entry behind `head`, the hash of the one before, and makes `head` its own.
  [[nodiscard]] Status write_entry(const detail::Ticket::Part& part, const Hash& salt,
                                   std::uint64_t sequence, Hash& head);
  /// Signs the entries `first`..`last`; `head` is the hash of the last one.
  [[nodiscard]] Status sign_group(std::uint64_t first, std::uint64_t last, const Hash& head);
  /// The row that a statement stands on: sequence, previous, leaf, patient, time_ms, sealed.
  /// Errors: journal_entry_altered.
  [[nodiscard]] Result<detail::OpenedEntry> open_row(const sqlite::Statement& row);
  [[nodiscard]] Result<detail::OpenedEntry> open_entry(std::uint64_t sequence);
  [[nodiscard]] Result<std::vector<KeptEntry>> newest(const JournalLook& look,
                                                      const std::optional<model::Id>& patient,
                                                      std::uint32_t count_max);
  [[nodiscard]] Result<JournalBatch> find_batch(std::uint64_t sequence);
  /// The gap that begins at `first`, its signature not looked at.
  [[nodiscard]] Result<std::optional<JournalGap>> gap_at(std::uint64_t first);
  /// The last batch that is anchored.
  [[nodiscard]] Result<std::optional<JournalBatch>> last_anchored();
  [[nodiscard]] Result<Hash> hash_of(std::uint64_t sequence);
  [[nodiscard]] Status go_on_behind(const JournalGap& gap);
  [[nodiscard]] Status cut_groups(std::uint64_t last, const Hash& head);
  /// Numbers the entries again that stand aside under negative sequences, from `next` + 1 on;
  /// `next` and `head` are the last one's then.
  [[nodiscard]] Status number_again(std::uint64_t& next, Hash& head);
  /// Tree leaves of the entries `first`..`last`.
  [[nodiscard]] Result<std::vector<Hash>> tree_leaves(std::uint64_t first, std::uint64_t last);
};

/// `entry 12`: which one an error is about.
[[nodiscard]] std::string at_entry(std::uint64_t sequence);

/// What the columns of `entries` are, as `open_row` takes them.
constexpr std::string_view entry_columns =
    "SELECT sequence, previous, leaf, patient, time_ms, sealed FROM entries ";
/// What the custodian signs of a gap.
[[nodiscard]] Bytes journal_gap_bytes(const model::Id& organisation, const JournalGap& gap);
/// A row of `gaps`: first, last, held, root, noted_ms. Errors: journal_entry_altered.
[[nodiscard]] Result<JournalGap> gap_row(const sqlite::Statement& row);

/// A column of 32 bytes. Errors: journal_entry_altered.
[[nodiscard]] Result<Hash> hash_column(const sqlite::Statement& row, int column);
/// A row of `batches` in the order of the table. Errors: journal_entry_altered.
[[nodiscard]] Result<JournalBatch> batch_row(const sqlite::Statement& row);

}  // namespace xl::vault
