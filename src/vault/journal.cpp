// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "vault/journal.h"

#include <algorithm>

#include "base/check.h"
#include "crypto/aead.h"
#include "crypto/kdf.h"
#include "crypto/merkle.h"
#include "crypto/random.h"
#include "model/limits.h"
#include "model/tags.h"
#include "vault/codec.h"
#include "vault/journal_store.h"

namespace xl::vault {
namespace {

constexpr int journal_version = 1;
constexpr std::string_view journal_tables =
    "CREATE TABLE entries(sequence INTEGER PRIMARY KEY, previous BLOB NOT NULL,"
    "  leaf BLOB NOT NULL, patient BLOB NOT NULL, time_ms INTEGER NOT NULL,"
    "  sealed BLOB NOT NULL);"
    "CREATE INDEX entries_patient ON entries(patient);"
    "CREATE TABLE groups(last INTEGER PRIMARY KEY, first INTEGER NOT NULL,"
    "  key_id BLOB NOT NULL, signature BLOB NOT NULL);"
    "CREATE TABLE batches(first INTEGER PRIMARY KEY, last INTEGER NOT NULL, root BLOB NOT NULL,"
    "  previous_root BLOB NOT NULL, sealed_ms INTEGER NOT NULL, first_entry_ms INTEGER NOT NULL,"
    "  anchored_ms INTEGER, transaction_id BLOB);"
    "CREATE INDEX batches_open ON batches(first) WHERE anchored_ms IS NULL";
/// Made where they are missing: journals were kept before there was a restore.
constexpr std::string_view restore_tables =
    "CREATE TABLE IF NOT EXISTS gaps(first INTEGER PRIMARY KEY, last INTEGER NOT NULL,"
    "  held INTEGER NOT NULL, root BLOB NOT NULL, noted_ms INTEGER NOT NULL,"
    "  key_id BLOB NOT NULL, signature BLOB NOT NULL);"
    "CREATE TABLE IF NOT EXISTS restored(noted_ms INTEGER NOT NULL, size INTEGER NOT NULL)";

constexpr unsigned entry_key_run_bits = 20;

Status check_page(std::uint32_t count) {
  if (count <= limits::vault_page_max) return {};
  return make_error(ErrorCode::journal_page_too_large, std::to_string(count));
}

}  // namespace

namespace detail {

crypto::SecretBytes journal_database_key(ByteView journal_key) {
  return crypto::hkdf({}, journal_key, bound_to(model::tags::journal_database, {}), 32).value();
}

crypto::SecretBytes journal_entry_key(ByteView journal_key, const model::Id& organisation,
                                      std::uint64_t sequence) {
  const Bytes info = bound_to(model::tags::journal_sealed,
                              {organisation.view(), be64(sequence >> entry_key_run_bits)});
  return crypto::hkdf({}, journal_key, info, 32).value();
}

Bytes journal_bound_to(const model::Id& organisation, std::uint64_t sequence) {
  return bound_to(model::tags::journal_sealed, {organisation.view(), be64(sequence)});
}

}  // namespace detail

std::string at_entry(std::uint64_t sequence) { return "entry " + std::to_string(sequence); }

Bytes journal_group_bytes(const model::Id& organisation, std::uint64_t first, std::uint64_t last,
                          const Hash& head) {
  return detail::bound_to(model::tags::journal_group,
                          {organisation.view(), detail::be64(first), detail::be64(last), head});
}

Result<Hash> hash_column(const sqlite::Statement& row, int column) {
  Hash out{};
  const ByteView bytes = row.blob(column);
  if (bytes.size() != out.size()) {
    return make_error(ErrorCode::journal_entry_altered, "a digest has another length");
  }
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

Result<JournalBatch> batch_row(const sqlite::Statement& row) {
  JournalBatch out;
  out.root.first_sequence = detail::as_unsigned(row.integer(0));
  out.root.last_sequence = detail::as_unsigned(row.integer(1));
  XL_TRY_ASSIGN(out.root.root, hash_column(row, 2));
  XL_TRY_ASSIGN(out.root.previous_root, hash_column(row, 3));
  out.sealed_ms = detail::as_unsigned(row.integer(4));
  out.first_entry_ms = detail::as_unsigned(row.integer(5));
  if (row.is_null(6)) return out;
  out.anchored_ms = detail::as_unsigned(row.integer(6));
  XL_TRY_ASSIGN(out.transaction, hash_column(row, 7));
  out.late = *out.anchored_ms > out.first_entry_ms + limits::journal_anchor_within_ms;
  return out;
}

ByteView Journal::Impl::key_of(std::uint64_t sequence) {
  const std::uint64_t run = sequence >> entry_key_run_bits;
  if (entry_key.empty() || entry_key_run != run) {
    entry_key = detail::journal_entry_key(journal_key.view(), organisation, sequence);
    entry_key_run = run;
  }
  return entry_key.view();
}

Status Journal::Impl::load_head() {
  XL_TRY_ASSIGN(const std::int64_t last,
                store.number("SELECT coalesce(max(sequence), 0) FROM entries"));
  XL_TRY_ASSIGN(const std::int64_t lost, store.number("SELECT coalesce(max(last), 0) FROM gaps"));
  last_sequence = detail::as_unsigned(std::max(last, lost));
  XL_TRY_ASSIGN(last_hash, hash_of(detail::as_unsigned(last)));
  return {};
}

Result<Hash> Journal::Impl::hash_of(std::uint64_t sequence) {
  if (sequence == 0) return Hash{};
  XL_TRY_ASSIGN(sqlite::Statement * select,
                store.statement("SELECT previous, leaf FROM entries WHERE sequence = ?1"));
  XL_TRY_ASSIGN(const bool row, select->start(detail::as_signed(sequence)));
  if (!row) return make_error(ErrorCode::journal_entry_missing, at_entry(sequence));
  const auto previous = hash_column(*select, 0);
  const auto leaf = hash_column(*select, 1);
  select->reset();
  if (!previous.ok() || !leaf.ok()) {
    return make_error(ErrorCode::journal_entry_altered, at_entry(sequence));
  }
  return model::journal_hash(organisation, sequence, *previous, *leaf);
}

Result<std::unique_ptr<Journal>> Journal::open(const std::filesystem::path& directory,
                                               const model::Id& organisation, ByteView journal_key,
                                               const crypto::SigningKey& signer) {
  XL_CHECK(journal_key.size() == 32);
  XL_TRY(make_private_directory(directory));
  XL_TRY_ASSIGN(DirectoryLock lock, DirectoryLock::take(directory));
  const crypto::SecretBytes database_key = detail::journal_database_key(journal_key);
  XL_TRY_ASSIGN(sqlite::Database database,
                sqlite::Database::open(directory / "journal.db", {.key = database_key.view()}));
  XL_TRY(detail::make_tables(database, journal_tables, journal_version));
  XL_TRY(database.execute(restore_tables));
  auto impl = std::make_unique<Impl>(std::move(lock), std::move(database), organisation,
                                     journal_key, signer);
  XL_TRY(impl->load_head());
  return std::unique_ptr<Journal>(new Journal(std::move(impl)));
}

Journal::Journal(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Journal::~Journal() = default;

Status Journal::Impl::write_entry(const detail::Ticket::Part& part, const Hash& salt,
                                  std::uint64_t sequence, Hash& head) {
  const Hash leaf = model::journal_leaf(salt, part.content);
  const Bytes plain = Encoder().fixed(salt).fixed(part.content).take();
  const Bytes sealed =
      crypto::aead::seal(key_of(sequence), plain, detail::journal_bound_to(organisation, sequence));
  XL_TRY(store.run("INSERT INTO entries VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
                   detail::as_signed(sequence), ByteView(head), ByteView(leaf), part.patient.view(),
                   detail::as_signed(part.time_ms), ByteView(sealed)));
  head = model::journal_hash(organisation, sequence, head, leaf);
  return {};
}

Status Journal::Impl::sign_group(std::uint64_t first, std::uint64_t last, const Hash& head) {
  const Bytes signature = signer.sign(journal_group_bytes(organisation, first, last, head));
  const Hash key_id = model::key_id_of(signer.algorithm(), signer.public_key());
  return store.run("INSERT INTO groups VALUES(?1, ?2, ?3, ?4)", detail::as_signed(last),
                   detail::as_signed(first), ByteView(key_id), ByteView(signature));
}

Status Journal::Impl::write_group(std::span<detail::Ticket* const> tickets) {
  const std::lock_guard guard(store_mutex);
  XL_TRY_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::begin(store.database()));
  std::uint64_t sequence = last_sequence;
  Hash head = last_hash;
  for (detail::Ticket* const ticket : tickets) {
    ticket->first_sequence = sequence + 1;
    for (const auto& part : ticket->parts) {
      Hash salt{};
      crypto::random_bytes(salt);
      XL_TRY(write_entry(part, salt, ++sequence, head));
    }
  }
  XL_TRY(sign_group(last_sequence + 1, sequence, head));
  XL_TRY(transaction.commit());
  last_sequence = sequence;
  last_hash = head;
  return {};
}

Result<std::uint64_t> Journal::append(const model::JournalEntry& entry) {
  return append_batch(std::span(&entry, 1));
}

/// Whoever finds nobody writing takes what waits, up to a group, writes it for all and wakes them.
/// The others' entries gather meanwhile: the slower the disk, the larger the groups.
Result<std::uint64_t> Journal::append_batch(std::span<const model::JournalEntry> entries) {
  if (entries.empty() || entries.size() > limits::journal_group_max) {
    return make_error(ErrorCode::vault_batch_too_large, std::to_string(entries.size()));
  }
  detail::Ticket ticket;
  for (const model::JournalEntry& entry : entries) {
    XL_TRY_ASSIGN(Bytes content, model::encode_journal_entry(entry));
    ticket.parts.push_back({std::move(content), entry.time_ms, entry.patient});
  }
  std::unique_lock lock(impl_->queue_mutex);
  if (impl_->waiting + entries.size() > limits::journal_waiting_max) {
    return make_error(ErrorCode::journal_busy);
  }
  impl_->queue.push_back(&ticket);
  impl_->waiting += entries.size();
  while (!ticket.done) {
    if (impl_->writing) {
      impl_->queue_changed.wait(lock);
      continue;
    }
    impl_->writing = true;
    std::vector<detail::Ticket*> group;
    std::size_t count = 0;
    while (!impl_->queue.empty() &&
           count + impl_->queue.front()->parts.size() <= limits::journal_group_max) {
      group.push_back(impl_->queue.front());
      count += group.back()->parts.size();
      impl_->queue.pop_front();
    }
    lock.unlock();
    const Status written = impl_->write_group(group);
    lock.lock();
    for (detail::Ticket* const member : group) {
      member->status = written;
      member->done = true;
    }
    impl_->waiting -= count;
    impl_->writing = false;
    impl_->queue_changed.notify_all();
  }
  if (!ticket.status.ok()) return ticket.status.error();
  return ticket.first_sequence;
}

Result<detail::OpenedEntry> Journal::Impl::open_row(const sqlite::Statement& row) {
  detail::OpenedEntry out;
  out.sequence = detail::as_unsigned(row.integer(0));
  const auto altered = [&] {
    return make_error(ErrorCode::journal_entry_altered, at_entry(out.sequence));
  };
  auto previous = hash_column(row, 1);
  auto leaf = hash_column(row, 2);
  if (!previous.ok() || !leaf.ok()) return altered();
  out.previous = *previous;
  out.leaf = *leaf;
  const auto plain = crypto::aead::open(key_of(out.sequence), row.blob(5),
                                        detail::journal_bound_to(organisation, out.sequence));
  if (!plain.ok() || plain->size() < out.salt.size()) return altered();
  std::copy_n(plain->begin(), out.salt.size(), out.salt.begin());
  out.content.assign(plain->begin() + static_cast<std::ptrdiff_t>(out.salt.size()), plain->end());
  auto entry = model::decode_journal_entry(out.content);
  if (!entry.ok() || model::journal_leaf(out.salt, out.content) != out.leaf ||
      !equal(entry->patient.view(), row.blob(3)) ||
      detail::as_signed(entry->time_ms) != row.integer(4)) {
    return altered();
  }
  out.entry = std::move(*entry);
  return out;
}

Result<detail::OpenedEntry> Journal::Impl::open_entry(std::uint64_t sequence) {
  XL_TRY_ASSIGN(sqlite::Statement * select,
                store.statement(std::string(entry_columns) + "WHERE sequence = ?1"));
  XL_TRY_ASSIGN(const bool row, select->start(detail::as_signed(sequence)));
  if (!row) return make_error(ErrorCode::journal_entry_unknown, at_entry(sequence));
  auto opened = open_row(*select);
  select->reset();
  return opened;
}

Result<KeptEntry> Journal::entry(std::uint64_t sequence) const {
  const std::lock_guard guard(impl_->store_mutex);
  XL_TRY_ASSIGN(detail::OpenedEntry opened, impl_->open_entry(sequence));
  return KeptEntry{opened.sequence, std::move(opened.entry)};
}

Result<std::vector<KeptEntry>> Journal::entries_of(const model::Id& patient, std::uint64_t after,
                                                   std::uint32_t count_max) const {
  XL_TRY(check_page(count_max));
  const std::lock_guard guard(impl_->store_mutex);
  XL_TRY_ASSIGN(
      sqlite::Statement * select,
      impl_->store.statement(std::string(entry_columns) + "WHERE patient = ?1 AND sequence > ?2"
                                                          " ORDER BY sequence LIMIT ?3"));
  std::vector<KeptEntry> out;
  Result<bool> row =
      select->start(patient.view(), detail::as_signed(after), std::int64_t{count_max});
  for (; row.ok() && *row; row = select->step()) {
    XL_TRY_ASSIGN(detail::OpenedEntry opened, impl_->open_row(*select));
    out.push_back({opened.sequence, std::move(opened.entry)});
  }
  select->reset();
  if (!row.ok()) return row.error();
  return out;
}

namespace {

/// What `JournalLook` says of rows; ?1 before, ?2 and ?3 the times, ?4 a patient if there is one.
constexpr std::string_view look_conditions = "WHERE sequence < ?1 AND time_ms BETWEEN ?2 AND ?3 ";

/// As a column holds it: nothing is later or further than the largest.
std::int64_t look_bound(std::uint64_t value) {
  return detail::as_signed(std::min<std::uint64_t>(value, INT64_MAX));
}

Status check_look(const JournalLook& look) {
  if (!look.patients || look.patients->size() <= limits::vault_page_max) return {};
  return make_error(ErrorCode::vault_batch_too_large, std::to_string(look.patients->size()));
}

}  // namespace

/// A page about one patient, or about all.
Result<std::vector<KeptEntry>> Journal::Impl::newest(const JournalLook& look,
                                                     const std::optional<model::Id>& patient,
                                                     std::uint32_t count_max) {
  const std::string text = std::string(entry_columns) + std::string(look_conditions) +
                           (patient ? "AND patient = ?4 ORDER BY sequence DESC LIMIT ?5"
                                    : "ORDER BY sequence DESC LIMIT ?4");
  XL_TRY_ASSIGN(sqlite::Statement * select, store.statement(text));
  const std::int64_t before = look_bound(look.before);
  const std::int64_t from = look_bound(look.from_ms);
  const std::int64_t to = look_bound(look.to_ms);
  std::vector<KeptEntry> out;
  Result<bool> row = patient
                         ? select->start(before, from, to, patient->view(), std::int64_t{count_max})
                         : select->start(before, from, to, std::int64_t{count_max});
  for (; row.ok() && *row; row = select->step()) {
    XL_TRY_ASSIGN(detail::OpenedEntry opened, open_row(*select));
    out.push_back({opened.sequence, std::move(opened.entry)});
  }
  select->reset();
  if (!row.ok()) return row.error();
  return out;
}

Result<std::vector<KeptEntry>> Journal::newest(const JournalLook& look,
                                               std::uint32_t count_max) const {
  XL_TRY(check_page(count_max));
  XL_TRY(check_look(look));
  const std::lock_guard guard(impl_->store_mutex);
  if (!look.patients) return impl_->newest(look, std::nullopt, count_max);
  std::vector<KeptEntry> out;
  for (const model::Id& patient : *look.patients) {
    XL_TRY_ASSIGN(std::vector<KeptEntry> found, impl_->newest(look, patient, count_max));
    std::move(found.begin(), found.end(), std::back_inserter(out));
  }
  std::ranges::sort(out, std::ranges::greater{}, &KeptEntry::sequence);
  if (out.size() > count_max) out.resize(count_max);
  return out;
}

Result<std::uint64_t> Journal::count(const JournalLook& look) const {
  XL_TRY(check_look(look));
  const std::lock_guard guard(impl_->store_mutex);
  const auto counted = [&](const std::optional<model::Id>& patient) -> Result<std::uint64_t> {
    const std::string text = "SELECT count(*) FROM entries " + std::string(look_conditions) +
                             (patient ? "AND patient = ?4" : "");
    XL_TRY_ASSIGN(sqlite::Statement * select, impl_->store.statement(text));
    const std::int64_t before = look_bound(look.before);
    const std::int64_t from = look_bound(look.from_ms);
    const std::int64_t to = look_bound(look.to_ms);
    XL_TRY_ASSIGN(const bool row, patient ? select->start(before, from, to, patient->view())
                                          : select->start(before, from, to));
    const std::uint64_t out = row ? detail::as_unsigned(select->integer(0)) : 0;
    select->reset();
    return out;
  };
  if (!look.patients) return counted(std::nullopt);
  std::uint64_t total = 0;
  for (const model::Id& patient : *look.patients) {
    XL_TRY_ASSIGN(const std::uint64_t one, counted(patient));
    total += one;
  }
  return total;
}

std::uint64_t Journal::size() const {
  const std::lock_guard guard(impl_->store_mutex);
  return impl_->last_sequence;
}

}  // namespace xl::vault
