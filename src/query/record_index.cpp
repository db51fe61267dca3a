// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "query/record_index.h"

#include <algorithm>
#include <array>
#include <system_error>

#include "crypto/kdf.h"
#include "crypto/random.h"
#include "model/tags.h"
#include "query/index_store.h"

namespace xl::query {
namespace {

using detail::as_signed;
using detail::entry_columns;

constexpr std::int64_t index_format = 1;
/// `superseded` is the row that took the version's place, 0 for one that arrived behind its
/// successor. Row numbers only grow: pages show the rows up to the last one at their start.
constexpr std::string_view index_tables =
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE entries(row INTEGER PRIMARY KEY AUTOINCREMENT, record BLOB NOT NULL,"
    "  type TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, patient BLOB NOT NULL,"
    "  updated INTEGER NOT NULL, deleted INTEGER NOT NULL, vault_version INTEGER NOT NULL,"
    "  superseded INTEGER NOT NULL, UNIQUE(type, id, version));"
    "CREATE INDEX entries_updated ON entries(type, updated DESC, id);"
    "CREATE INDEX entries_patient ON entries(patient, type);"
    "CREATE INDEX entries_record ON entries(record, vault_version);"
    "CREATE TABLE terms(row INTEGER NOT NULL, parameter TEXT NOT NULL, position INTEGER NOT NULL,"
    "  system TEXT NOT NULL, type TEXT NOT NULL, value TEXT NOT NULL, low INTEGER NOT NULL,"
    "  high INTEGER NOT NULL, PRIMARY KEY(row, parameter, position)) WITHOUT ROWID;"
    "PRAGMA user_version = 1";

crypto::SecretBytes derived_key(ByteView index_key, std::string_view tag) {
  return crypto::hkdf({}, index_key, view_of(tag), sqlite::key_bytes).value();
}

Result<std::int64_t> format_of(sqlite::Database& database) {
  XL_TRY_ASSIGN(sqlite::Statement stamp, database.prepare("PRAGMA user_version"));
  XL_TRY_ASSIGN(const bool stamped, stamp.step());
  return stamped ? stamp.integer(0) : 0;
}

Status make_index_tables(sqlite::Database& database) {
  // Without the write lock first: an index can be opened while another object fills it.
  XL_TRY_ASSIGN(std::int64_t format, format_of(database));
  if (format == index_format) return {};
  XL_TRY_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::begin(database));
  XL_TRY_ASSIGN(format, format_of(database));
  bool empty = true;
  {
    XL_TRY_ASSIGN(sqlite::Statement tables, database.prepare("SELECT 1 FROM sqlite_schema"));
    XL_TRY_ASSIGN(const bool any, tables.step());
    empty = !any;
  }
  if (format == index_format) return {};
  if (format != 0 || !empty) return make_error(ErrorCode::index_version_unsupported);
  XL_TRY(database.execute(index_tables));
  detail::Generation generation{};
  crypto::random_bytes(generation);
  {
    XL_TRY_ASSIGN(sqlite::Statement insert,
                  database.prepare("INSERT INTO meta VALUES('generation', ?1)"));
    XL_TRY(insert.run(ByteView(generation)));
  }
  return transaction.commit();
}

Error entry_error(std::string_view member) {
  return make_error(ErrorCode::index_entry_invalid, member);
}

bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
bool is_id_character(char c) {
  return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

Status check_terms(const RecordEntry& entry) {
  if (entry.terms.size() > terms_max) return entry_error("terms");
  for (const Term& term : entry.terms) {
    const bool long_text = term.system.size() > term_bytes_max ||
                           term.type.size() > term_bytes_max || term.value.size() > term_bytes_max;
    if (long_text || !search_parameter(entry.type, term.parameter)) return entry_error("terms");
  }
  return {};
}

Status check_entry(const RecordEntry& entry) {
  if (entry.type.empty() || entry.type.size() > resource_type_bytes_max ||
      !std::all_of(entry.type.begin(), entry.type.end(), is_letter)) {
    return entry_error("resource type");
  }
  if (entry.id.empty() || entry.id.size() > logical_id_bytes_max ||
      !std::all_of(entry.id.begin(), entry.id.end(), is_id_character)) {
    return entry_error("logical id");
  }
  if (entry.record.is_zero()) return entry_error("record");
  if (entry.patient.is_zero()) return entry_error("patient");
  if (entry.version == 0 || entry.version > INT64_MAX) return entry_error("version");
  if (entry.vault_version == 0 || entry.vault_version > INT64_MAX) {
    return entry_error("vault version");
  }
  if (entry.last_updated_ms > index_time_ms_max) return entry_error("last updated");
  return check_terms(entry);
}

/// Adds entries inside a transaction of the caller.
class EntryWriter {
 public:
  [[nodiscard]] static Result<EntryWriter> make(sqlite::Database& database) {
    constexpr std::array<std::string_view, 5> texts = {
        "SELECT record, patient, updated, deleted, vault_version FROM entries"
        " WHERE type = ?1 AND id = ?2 AND version = ?3",
        "SELECT row, version FROM entries WHERE type = ?1 AND id = ?2"
        " ORDER BY version DESC LIMIT 1",
        "INSERT INTO entries(record, type, id, version, patient, updated, deleted, vault_version,"
        " superseded) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        "UPDATE entries SET superseded = ?2 WHERE row = ?1",
        "INSERT INTO terms VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"};
    std::vector<sqlite::Statement> statements;
    for (const std::string_view sql : texts) {
      XL_TRY_ASSIGN(sqlite::Statement made, database.prepare(sql));
      statements.push_back(std::move(made));
    }
    return EntryWriter(database, std::move(statements));
  }

  [[nodiscard]] Status add(const RecordEntry& entry) {
    XL_TRY(check_entry(entry));
    XL_TRY_ASSIGN(const bool known, is_known(entry));
    if (known) return {};
    sqlite::Statement& latest = statements_[1];
    XL_TRY_ASSIGN(const bool others,
                  latest.start(std::string_view(entry.type), std::string_view(entry.id)));
    const std::int64_t former = others ? latest.integer(0) : 0;
    const bool newest = !others || latest.integer(1) < as_signed(entry.version);
    latest.reset();
    XL_TRY(statements_[2].run(entry.record.view(), std::string_view(entry.type),
                              std::string_view(entry.id), as_signed(entry.version),
                              entry.patient.view(), as_signed(entry.last_updated_ms),
                              std::int64_t{entry.deleted}, as_signed(entry.vault_version),
                              newest ? detail::never_superseded : std::int64_t{0}));
    const std::int64_t row = database_->last_insert_id();
    if (others && newest) XL_TRY(statements_[3].run(former, row));
    return entry.deleted ? Status{} : add_terms(entry, row);
  }

 private:
  EntryWriter(sqlite::Database& database, std::vector<sqlite::Statement> statements)
      : database_(&database), statements_(std::move(statements)) {}

  [[nodiscard]] Result<bool> is_known(const RecordEntry& entry) {
    sqlite::Statement& same = statements_[0];
    XL_TRY_ASSIGN(const bool there,
                  same.start(std::string_view(entry.type), std::string_view(entry.id),
                             as_signed(entry.version)));
    const bool equals = there && equal(same.blob(0), entry.record.view()) &&
                        equal(same.blob(1), entry.patient.view()) &&
                        same.integer(2) == as_signed(entry.last_updated_ms) &&
                        same.integer(3) == std::int64_t{entry.deleted} &&
                        same.integer(4) == as_signed(entry.vault_version);
    same.reset();
    if (there && !equals) return make_error(ErrorCode::index_version_exists);
    return there;
  }

  [[nodiscard]] Status add_terms(const RecordEntry& entry, std::int64_t row) {
    std::int64_t position = 0;
    for (const Term& term : entry.terms) {
      XL_TRY(statements_[4].run(row, term.parameter, ++position, std::string_view(term.system),
                                std::string_view(term.type), std::string_view(term.value),
                                term.time.low, term.time.high));
    }
    return {};
  }

  sqlite::Database* database_;
  std::vector<sqlite::Statement> statements_;  // in the order of `texts` above
};

/// Removes the entries for which `condition` holds, with their terms; it names columns as `@name`.
/// Where the current version goes, the highest that stays becomes current, as in a rebuilt index.
Status remove_rows(sqlite::Database& database, std::string_view condition,
                   const std::vector<detail::Clause::Value>& values) {
  const auto of = [&](std::string_view alias) {
    std::string out;
    for (const char c : condition) c == '@' ? out.append(alias).append(".") : out.append(1, c);
    return out;
  };
  const std::string last = std::to_string(detail::never_superseded);
  const std::array<std::string, 3> steps = {
      "DELETE FROM terms WHERE row IN (SELECT c.row FROM entries c WHERE " + of("c") + ")",
      "UPDATE entries SET superseded = " + last +
          " WHERE row IN (SELECT (SELECT b.row FROM entries b WHERE b.type = c.type AND b.id = c.id"
          " AND NOT (" +
          of("b") + ") ORDER BY b.version DESC LIMIT 1) FROM entries c WHERE c.superseded = " +
          last + " AND " + of("c") + ")",
      "DELETE FROM entries WHERE " + of("entries")};
  XL_TRY_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::begin(database));
  for (const std::string& sql : steps) {
    XL_TRY_ASSIGN(sqlite::Statement step, detail::prepare_bound(database, sql, values));
    XL_TRY(step.step());
  }
  XL_TRY(transaction.commit());
  return database.checkpoint();
}

}  // namespace

namespace detail {

Result<RecordEntry> entry_at(const sqlite::Statement& row) {
  const auto record = model::id_from_bytes(row.blob(0));
  const auto patient = model::id_from_bytes(row.blob(4));
  if (!record.ok() || !patient.ok()) return make_error(ErrorCode::database_corrupt, "an id");
  RecordEntry out;
  out.record = *record;
  out.type = row.text(1);
  out.id = row.text(2);
  out.version = static_cast<std::uint64_t>(row.integer(3));
  out.patient = *patient;
  out.last_updated_ms = static_cast<std::uint64_t>(row.integer(5));
  out.deleted = row.integer(6) != 0;
  out.vault_version = static_cast<std::uint64_t>(row.integer(7));
  return out;
}

Result<sqlite::Statement> prepare_bound(sqlite::Database& database, const std::string& sql,
                                        const std::vector<Clause::Value>& values) {
  XL_TRY_ASSIGN(sqlite::Statement out, database.prepare(sql));
  int position = 0;
  for (const Clause::Value& value : values) {
    ++position;
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      XL_TRY(out.bind(position, *number));
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      XL_TRY(out.bind(position, std::string_view(*text)));
    } else {
      XL_TRY(out.bind(position, ByteView(std::get<Bytes>(value))));
    }
  }
  return out;
}

}  // namespace detail

Result<detail::Generation> RecordIndex::Impl::generation() {
  XL_TRY_ASSIGN(sqlite::Statement read,
                database.prepare("SELECT value FROM meta WHERE name = 'generation'"));
  XL_TRY_ASSIGN(const bool row, read.step());
  detail::Generation out{};
  if (!row || read.blob(0).size() != out.size()) {
    return make_error(ErrorCode::database_corrupt, "no generation");
  }
  std::copy_n(read.blob(0).begin(), out.size(), out.begin());
  return out;
}

Status RecordIndex::Impl::renew_generation() {
  detail::Generation fresh{};
  crypto::random_bytes(fresh);
  XL_TRY_ASSIGN(sqlite::Statement update,
                database.prepare("UPDATE meta SET value = ?1 WHERE name = 'generation'"));
  return update.run(ByteView(fresh));
}

Result<RecordEntry> RecordIndex::Impl::one(std::string_view where, std::string_view type,
                                           std::string_view id, std::uint64_t version) {
  const std::lock_guard lock(mutex);
  XL_TRY_ASSIGN(sqlite::Statement read,
                database.prepare("SELECT " + std::string(entry_columns) +
                                 " FROM entries e WHERE e.type = ?1 AND e.id = ?2 AND " +
                                 std::string(where)));
  XL_TRY_ASSIGN(const bool row, read.start(type, id, as_signed(version)));
  if (!row) return make_error(ErrorCode::index_record_unknown);
  return detail::entry_at(read);
}

RecordIndex::RecordIndex(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RecordIndex::~RecordIndex() = default;

Result<std::unique_ptr<RecordIndex>> RecordIndex::open(const std::filesystem::path& path,
                                                       ByteView index_key) {
  XL_CHECK(index_key.size() == sqlite::key_bytes);
  const crypto::SecretBytes key = derived_key(index_key, model::tags::index_database);
  XL_TRY_ASSIGN(sqlite::Database database, sqlite::Database::open(path, {.key = key.view()}));
  XL_TRY(make_index_tables(database));
  return std::unique_ptr<RecordIndex>(new RecordIndex(std::make_unique<Impl>(
      std::move(database), derived_key(index_key, model::tags::index_cursor))));
}

Status RecordIndex::discard(const std::filesystem::path& path) {
  for (const std::string_view suffix : {"", "-wal", "-shm", "-journal"}) {
    std::error_code failed;
    std::filesystem::remove(path.string() + std::string(suffix), failed);
    if (failed) return make_error(ErrorCode::file_unwritable, failed.message());
  }
  return {};
}

Status RecordIndex::put(const RecordEntry& entry) { return put_batch({&entry, 1}); }

Status RecordIndex::put_batch(std::span<const RecordEntry> entries) {
  if (entries.size() > index_batch_max) return make_error(ErrorCode::index_batch_too_large);
  const std::lock_guard lock(impl_->mutex);
  XL_TRY_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::begin(impl_->database));
  {
    XL_TRY_ASSIGN(EntryWriter writer, EntryWriter::make(impl_->database));
    for (const RecordEntry& entry : entries) XL_TRY(writer.add(entry));
  }
  return transaction.commit();
}

Status RecordIndex::check_integrity() {
  const std::lock_guard lock(impl_->mutex);
  return impl_->database.check_integrity();
}

Result<std::uint64_t> RecordIndex::writes() {
  const std::lock_guard lock(impl_->mutex);
  // SQLite keeps it for row ids that are never given twice.
  XL_TRY_ASSIGN(sqlite::Statement read,
                impl_->database.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'entries'"));
  XL_TRY_ASSIGN(const bool row, read.step());
  return row ? static_cast<std::uint64_t>(read.integer(0)) : 0;
}

Result<RecordEntry> RecordIndex::current(std::string_view type, std::string_view id) {
  return impl_->one("e.superseded = ?3", type, id,
                    static_cast<std::uint64_t>(detail::never_superseded));
}

Result<RecordEntry> RecordIndex::version(std::string_view type, std::string_view id,
                                         std::uint64_t version) {
  return impl_->one("e.version = ?3", type, id, version);
}

Status RecordIndex::erase_patient(const model::Id& patient) {
  const std::lock_guard lock(impl_->mutex);
  return remove_rows(impl_->database, "@patient = ?1", {copy_of(patient.view())});
}

Status RecordIndex::erase_version(const model::Id& record, std::uint64_t vault_version) {
  const std::lock_guard lock(impl_->mutex);
  return remove_rows(impl_->database, "@record = ?1 AND @vault_version = ?2",
                     {copy_of(record.view()), as_signed(vault_version)});
}

Result<std::vector<model::Id>> RecordIndex::rebuild(const Source& source) {
  std::vector<model::Id> left_out;
  const std::lock_guard lock(impl_->mutex);
  XL_TRY_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::begin(impl_->database));
  XL_TRY(impl_->database.execute("DELETE FROM terms; DELETE FROM entries"));
  XL_TRY(impl_->renew_generation());
  {
    XL_TRY_ASSIGN(EntryWriter writer, EntryWriter::make(impl_->database));
    for (;;) {
      XL_TRY_ASSIGN(const std::optional<RecordEntry> entry, source());
      if (!entry) break;
      const Status added = writer.add(*entry);
      if (added.ok()) continue;
      if (added.error().code != ErrorCode::index_version_exists) return added.error();
      left_out.push_back(entry->record);
    }
  }
  XL_TRY(transaction.commit());
  return left_out;
}

}  // namespace xl::query
