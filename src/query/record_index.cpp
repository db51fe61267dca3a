// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "query/record_index.h"

#include <algorithm>
#include <array>
#include <system_error>
#include <tuple>
#include <utility>

#include "crypto/hash.h"
#include "crypto/kdf.h"
#include "crypto/random.h"
#include "model/tags.h"
#include "query/index_store.h"
#include "query/near.h"

namespace xl::query {
namespace {

using detail::as_signed;
using detail::entry_columns;

constexpr std::int64_t index_format = 6;
/// `superseded` is the row that took the version's place, 0 for one that arrived behind its
/// successor. Row numbers only grow: pages show the rows up to the last one at their start.
///
/// `marks` says which rows have a value; `ranges` between which ends a row's values lie, under the
/// mark of their parameter; `texts` the words of marks, once each; `keys` the marks of each row.
constexpr std::string_view index_tables =
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE entries(row INTEGER PRIMARY KEY AUTOINCREMENT, record BLOB NOT NULL,"
    "  type TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, patient BLOB NOT NULL,"
    "  updated INTEGER NOT NULL, deleted INTEGER NOT NULL, vault_version INTEGER NOT NULL,"
    "  superseded INTEGER NOT NULL, UNIQUE(type, id, version));"
    "CREATE INDEX entries_updated ON entries(type, updated DESC, id);"
    "CREATE INDEX entries_changed ON entries(updated DESC, type, id);"
    "CREATE INDEX entries_patient ON entries(patient, type);"
    "CREATE INDEX entries_record ON entries(record, vault_version);"
    "CREATE TABLE marks(mark INTEGER NOT NULL, row INTEGER NOT NULL,"
    "  PRIMARY KEY(mark, row)) WITHOUT ROWID;"
    "CREATE TABLE ranges(mark INTEGER NOT NULL, row INTEGER NOT NULL, low INTEGER NOT NULL,"
    "  high INTEGER NOT NULL, PRIMARY KEY(mark, row, low, high)) WITHOUT ROWID;"
    "CREATE TABLE texts(part INTEGER NOT NULL, text TEXT NOT NULL, mark INTEGER NOT NULL,"
    "  PRIMARY KEY(part, text, mark)) WITHOUT ROWID;"
    "CREATE INDEX texts_mark ON texts(mark);"
    "CREATE TABLE keys(row INTEGER PRIMARY KEY, groups BLOB NOT NULL);";

/// Of one search: the rows that may be known, and where its chains lead. In memory.
constexpr std::string_view search_tables =
    "CREATE TEMP TABLE permitted(row INTEGER PRIMARY KEY);"
    "CREATE TEMP TABLE linked_marks(stage INTEGER, mark INTEGER, PRIMARY KEY(stage, mark))"
    " WITHOUT ROWID;"
    "CREATE TEMP TABLE linked_ids(stage INTEGER, id TEXT, PRIMARY KEY(stage, id)) WITHOUT ROWID;";

constexpr std::size_t mark_key_bytes = 16;
/// Marks are met in no order: what is not in the cache is read and decrypted for each.
constexpr std::uint32_t cache_kib = 65536;
/// 32 MiB. Each record touches some 60 pages, the next ones the same again.
constexpr std::uint32_t log_pages = 8192;

crypto::SecretBytes derived_key(ByteView index_key, std::string_view tag, std::size_t bytes) {
  return crypto::hkdf({}, index_key, view_of(tag), bytes).value();
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
  if (format == 1) {
    // What an earlier version of this program kept is made again from the vault.
    XL_TRY(database.execute("DROP TABLE terms; DROP TABLE entries; DROP TABLE meta"));
  } else if (format >= 2 && format < index_format) {
    XL_TRY(
        database.execute("DROP TABLE marks; DROP TABLE ranges; DROP TABLE texts;"
                         "DROP TABLE keys; DROP TABLE entries; DROP TABLE meta"));
  } else if (format != 0 || !empty) {
    return make_error(ErrorCode::index_version_unsupported);
  }
  XL_TRY(database.execute(std::string(index_tables) +
                          "PRAGMA user_version = " + std::to_string(index_format)));
  detail::Generation generation{};
  crypto::random_bytes(generation);
  {
    XL_TRY_ASSIGN(sqlite::Statement insert,
                  database.prepare("INSERT INTO meta VALUES('generation', ?1)"));
    XL_TRY(insert.run(ByteView(generation)));
  }
  XL_TRY(database.execute("INSERT INTO meta VALUES('erasures', 0)"));
  return transaction.commit();
}

/// A reference has a base, a type and an id; a composite the values of its parts.
constexpr std::size_t composite_bytes_max = 4 * term_bytes_max;

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
    const bool out_of_bounds = term.facet.value.size() > composite_bytes_max ||
                               term.facet.text.size() > 2 * term_bytes_max ||
                               (term.facet.ranged && term.facet.low > term.facet.high);
    const bool of_none = term.parameter == nullptr && term.facet.form != Form::attachment;
    if (of_none || out_of_bounds) return entry_error("terms");
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

/// Which values are found by themselves; the others only by looking at a row.
bool is_marked(const Facet& facet) {
  constexpr std::array forms = {
      Form::code,       Form::coded,       Form::display,   Form::target,
      Form::identifier, Form::uri,         Form::words,     Form::identifier_value,
      Form::composite,  Form::replaced_by, Form::canonical, Form::attachment};
  return std::find(forms.begin(), forms.end(), facet.form) != forms.end();
}

/// Adds entries inside a transaction of the caller. Their marks are written by `flush`, in the
/// order of the tables: those of one batch meet the same pages.
class EntryWriter {
 public:
  [[nodiscard]] static Result<EntryWriter> make(sqlite::Database& database,
                                                const detail::Keys& keys,
                                                detail::KnownTexts& known) {
    constexpr std::array<std::string_view, 8> texts = {
        "SELECT record, patient, updated, deleted, vault_version FROM entries"
        " WHERE type = ?1 AND id = ?2 AND version = ?3",
        "SELECT row, version FROM entries WHERE type = ?1 AND id = ?2"
        " ORDER BY version DESC LIMIT 1",
        "INSERT INTO entries(record, type, id, version, patient, updated, deleted, vault_version,"
        " superseded) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        "UPDATE entries SET superseded = ?2 WHERE row = ?1",
        "INSERT OR IGNORE INTO marks VALUES(?1, ?2)",
        "INSERT OR IGNORE INTO ranges VALUES(?1, ?2, ?3, ?4)",
        "INSERT OR IGNORE INTO texts VALUES(?1, ?2, ?3)",
        "INSERT INTO keys VALUES(?1, ?2)"};
    std::vector<sqlite::Statement> statements;
    for (const std::string_view sql : texts) {
      XL_TRY_ASSIGN(sqlite::Statement made, database.prepare(sql));
      statements.push_back(std::move(made));
    }
    return EntryWriter(database, keys, known, std::move(statements));
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
    if (!entry.deleted) XL_TRY(add_terms(entry, row));
    return ++waiting_ < entries_at_once ? Status{} : flush();
  }

  /// Writes the marks of what was added.
  [[nodiscard]] Status flush() {
    std::ranges::sort(marks_);
    for (const auto& [mark, row] : marks_) XL_TRY(statements_[4].run(mark, row));
    std::ranges::sort(ranges_);
    for (const auto& [mark, row, low, high] : ranges_) {
      XL_TRY(statements_[5].run(mark, row, low, high));
    }
    std::ranges::sort(texts_);
    for (const auto& [group, text, mark] : texts_) {
      XL_TRY(statements_[6].run(group, std::string_view(text), mark));
    }
    marks_.clear();
    ranges_.clear();
    texts_.clear();
    waiting_ = 0;
    return {};
  }

 private:
  /// Entries whose marks are kept in memory: about 100 each.
  static constexpr std::size_t entries_at_once = 1024;

  EntryWriter(sqlite::Database& database, const detail::Keys& keys, detail::KnownTexts& known,
              std::vector<sqlite::Statement> statements)
      : database_(&database), keys_(&keys), known_(&known), statements_(std::move(statements)) {}

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
    detail::MarkGroups groups;
    for (const Term& term : entry.terms) {
      const Facet& facet = term.facet;
      // Attachments are found whatever type shows them.
      const bool shows = term.parameter == nullptr;
      const std::string_view type = shows ? detail::binary_type : std::string_view(entry.type);
      const std::string_view name = shows ? detail::shown_name : term.parameter->code;
      const std::int64_t group = keys_->group(type, name, facet.form);
      const std::int64_t mark = keys_->mark(type, name, facet.form, facet.value);
      std::vector<std::int64_t>& kept = groups[group];
      if (std::find(kept.begin(), kept.end(), mark) == kept.end()) kept.push_back(mark);
      if (facet.ranged) {
        ranges_.push_back({mark, row, facet.low, facet.high});
      } else if (is_marked(facet)) {
        marks_.emplace_back(mark, row);
        if (!facet.text.empty() && known_->add(mark, facet.text)) {
          texts_.emplace_back(group, facet.text, mark);
        }
      }
    }
    const Bytes encoded = detail::encode_groups(groups);
    return statements_[7].run(row, ByteView(encoded));
  }

  sqlite::Database* database_;
  const detail::Keys* keys_;
  detail::KnownTexts* known_;
  std::vector<sqlite::Statement> statements_;  // in the order of `texts` above
  std::size_t waiting_ = 0;                    // entries whose marks wait for `flush`
  std::vector<std::pair<std::int64_t, std::int64_t>> marks_;
  std::vector<std::array<std::int64_t, 4>> ranges_;
  std::vector<std::tuple<std::int64_t, std::string, std::int64_t>> texts_;
};

/// Forgets the marks of a row that is to be removed, and the words that no other row has.
Status remove_marks(sqlite::Database& database, std::int64_t row) {
  detail::MarkGroups groups;
  {
    XL_TRY_ASSIGN(sqlite::Statement read,
                  database.prepare("SELECT groups FROM keys WHERE row = ?1"));
    XL_TRY_ASSIGN(const bool there, read.start(row));
    if (!there) return {};  // of a deletion
    XL_TRY_ASSIGN(groups, detail::decode_groups(read.blob(0)));
  }
  XL_TRY_ASSIGN(sqlite::Statement mark,
                database.prepare("DELETE FROM marks WHERE mark = ?1 AND row = ?2"));
  XL_TRY_ASSIGN(sqlite::Statement range,
                database.prepare("DELETE FROM ranges WHERE mark = ?1 AND row = ?2"));
  XL_TRY_ASSIGN(sqlite::Statement text,
                database.prepare("DELETE FROM texts WHERE mark = ?1 AND NOT EXISTS("
                                 "SELECT 1 FROM marks WHERE mark = ?1)"));
  for (const auto& [group, marks] : groups) {
    for (const std::int64_t one : marks) {
      XL_TRY(mark.run(one, row));
      XL_TRY(range.run(one, row));
      XL_TRY(text.run(one));
    }
  }
  XL_TRY_ASSIGN(sqlite::Statement key, database.prepare("DELETE FROM keys WHERE row = ?1"));
  return key.run(row);
}

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
  const std::array<std::string, 2> steps = {
      "UPDATE entries SET superseded = " + last +
          " WHERE row IN (SELECT (SELECT b.row FROM entries b WHERE b.type = c.type AND b.id = c.id"
          " AND NOT (" +
          of("b") + ") ORDER BY b.version DESC LIMIT 1) FROM entries c WHERE c.superseded = " +
          last + " AND " + of("c") + ")",
      "DELETE FROM entries WHERE " + of("entries")};
  XL_TRY_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::begin(database));
  std::vector<std::int64_t> rows;
  {
    XL_TRY_ASSIGN(
        sqlite::Statement read,
        detail::prepare_bound(database, "SELECT c.row FROM entries c WHERE " + of("c"), values));
    for (;;) {
      XL_TRY_ASSIGN(const bool row, read.step());
      if (!row) break;
      rows.push_back(read.integer(0));
    }
  }
  for (const std::int64_t row : rows) XL_TRY(remove_marks(database, row));
  for (const std::string& sql : steps) {
    XL_TRY_ASSIGN(sqlite::Statement step, detail::prepare_bound(database, sql, values));
    XL_TRY(step.step());
  }
  XL_TRY(database.execute("UPDATE meta SET value = value + 1 WHERE name = 'erasures'"));
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
  out.superseded = row.integer(entry_superseded_column) != never_superseded;
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

std::int64_t Keys::mark(std::string_view type, std::string_view parameter, Form form,
                        std::string_view value) const {
  // Parameters of every type, whose names begin so, are found whatever the type.
  Bytes text = copy_of(view_of(parameter.starts_with('_') ? "Resource" : type));
  text.push_back(0);
  append(text, view_of(parameter));
  text.push_back(0);
  text.push_back(static_cast<std::uint8_t>(form));
  append(text, view_of(value));
  return as_signed(crypto::short_hash(key_.view(), text));
}

std::int64_t Keys::group(std::string_view type, std::string_view parameter, Form form) const {
  // No value begins with a NUL.
  return mark(type, parameter, form, std::string_view("\0", 1));
}

Bytes encode_groups(const MarkGroups& groups) {
  Bytes out;
  for (const auto& [group, marks] : groups) {
    append_be(out, static_cast<std::uint64_t>(group));
    append_be(out, static_cast<std::uint64_t>(marks.size()));
    for (const std::int64_t mark : marks) append_be(out, static_cast<std::uint64_t>(mark));
  }
  return out;
}

Result<MarkGroups> decode_groups(ByteView bytes) {
  MarkGroups out;
  const auto take = [&] {
    const auto number = read_be<std::uint64_t>(bytes.first(8));
    bytes = bytes.subspan(8);
    return number;
  };
  while (!bytes.empty()) {
    if (bytes.size() < 16) return make_error(ErrorCode::database_corrupt, "keys");
    std::vector<std::int64_t>& marks = out[as_signed(take())];
    const std::uint64_t count = take();
    if (count > bytes.size() / 8) return make_error(ErrorCode::database_corrupt, "keys");
    for (std::uint64_t i = 0; i < count; ++i) marks.push_back(as_signed(take()));
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

/// How often something was erased. The caller holds the connection.
Result<std::int64_t> RecordIndex::Impl::erasures() {
  XL_TRY_ASSIGN(sqlite::Statement read,
                database.prepare("SELECT value FROM meta WHERE name = 'erasures'"));
  XL_TRY_ASSIGN(const bool row, read.step());
  if (!row) return make_error(ErrorCode::database_corrupt, "no count of erasures");
  return read.integer(0);
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

Status RecordIndex::Impl::add(std::span<const RecordEntry> entries) {
  XL_TRY_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::begin(database));
  {
    XL_TRY_ASSIGN(EntryWriter writer, EntryWriter::make(database, keys, known_texts));
    for (const RecordEntry& entry : entries) XL_TRY(writer.add(entry));
    XL_TRY(writer.flush());
  }
  return transaction.commit();
}

RecordIndex::RecordIndex(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RecordIndex::~RecordIndex() = default;

Result<std::unique_ptr<RecordIndex>> RecordIndex::open(const std::filesystem::path& path,
                                                       ByteView index_key) {
  XL_CHECK(index_key.size() == sqlite::key_bytes);
  const crypto::SecretBytes key =
      derived_key(index_key, model::tags::index_database, sqlite::key_bytes);
  XL_TRY_ASSIGN(sqlite::Database database, sqlite::Database::open(path, {.key = key.view(),
                                                                         .cache_kib = cache_kib,
                                                                         .synced_commits = false,
                                                                         .log_pages = log_pages}));
  XL_TRY(make_index_tables(database));
  XL_TRY(database.execute(search_tables));
  XL_TRY(database.add_test(std::string(detail::within_function), detail::within_values,
                           detail::is_within));
  return std::unique_ptr<RecordIndex>(new RecordIndex(std::make_unique<Impl>(
      std::move(database), derived_key(index_key, model::tags::index_cursor, sqlite::key_bytes),
      derived_key(index_key, model::tags::index_marks, mark_key_bytes))));
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
  const Status added = impl_->add(entries);
  if (!added.ok()) impl_->known_texts.clear();  // what was rolled back is not there
  return added;
}

Status RecordIndex::sync() {
  const std::lock_guard lock(impl_->mutex);
  return impl_->database.sync();
}

Status RecordIndex::pass_over_lost_rows() {
  const std::lock_guard lock(impl_->mutex);
  XL_TRY_ASSIGN(
      sqlite::Statement update,
      impl_->database.prepare("UPDATE sqlite_sequence SET seq = seq + ?1 WHERE name = 'entries'"));
  XL_TRY(update.run(as_signed(rows_lost_max)));
  return impl_->database.sync();
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

Result<std::uint64_t> RecordIndex::followed() {
  const std::lock_guard lock(impl_->mutex);
  XL_TRY_ASSIGN(sqlite::Statement read,
                impl_->database.prepare("SELECT value FROM meta WHERE name = 'followed'"));
  XL_TRY_ASSIGN(const bool row, read.step());
  return row ? static_cast<std::uint64_t>(read.integer(0)) : 0;
}

Status RecordIndex::note_followed(std::uint64_t height) {
  const std::lock_guard lock(impl_->mutex);
  XL_TRY_ASSIGN(sqlite::Statement write,
                impl_->database.prepare("INSERT OR REPLACE INTO meta VALUES('followed', ?1)"));
  return write.run(as_signed(height));
}

Result<RecordEntry> RecordIndex::current(std::string_view type, std::string_view id) {
  return impl_->one("e.superseded = ?3", type, id,
                    static_cast<std::uint64_t>(detail::never_superseded));
}

Result<RecordEntry> RecordIndex::version(std::string_view type, std::string_view id,
                                         std::uint64_t version) {
  return impl_->one("e.version = ?3", type, id, version);
}

Result<std::vector<RecordEntry>> RecordIndex::referring(std::string_view type,
                                                        std::string_view parameter,
                                                        std::string_view to_type,
                                                        std::string_view to_id,
                                                        std::size_t count_max) {
  const std::lock_guard lock(impl_->mutex);
  XL_TRY_ASSIGN(
      sqlite::Statement read,
      impl_->database.prepare("SELECT " + std::string(entry_columns) +
                              " FROM marks m CROSS JOIN entries e ON e.row = m.row WHERE m.mark = "
                              "?1 AND e.type = ?2 AND e.superseded = ?3 AND e.deleted = 0"));
  const std::int64_t mark =
      impl_->keys.mark(type, parameter, Form::target, join_parts({"", to_type, to_id}));
  std::vector<RecordEntry> out;
  XL_TRY_ASSIGN(bool row, read.start(mark, type, detail::never_superseded));
  while (row && out.size() < count_max) {
    XL_TRY_ASSIGN(RecordEntry entry, detail::entry_at(read));
    out.push_back(std::move(entry));
    XL_TRY_ASSIGN(row, read.step());
  }
  return out;
}

Result<std::vector<RecordEntry>> RecordIndex::showing(std::string_view binary_id,
                                                      std::size_t count_max) {
  const std::lock_guard lock(impl_->mutex);
  XL_TRY_ASSIGN(
      sqlite::Statement read,
      impl_->database.prepare("SELECT " + std::string(entry_columns) +
                              " FROM (SELECT DISTINCT s.type, s.id FROM marks m CROSS JOIN entries "
                              "s ON s.row = m.row WHERE m.mark = ?1) d CROSS JOIN entries e ON "
                              "e.type = d.type AND e.id = d.id WHERE e.superseded = ?2"));
  const std::int64_t mark =
      impl_->keys.mark(detail::binary_type, detail::shown_name, Form::attachment, binary_id);
  std::vector<RecordEntry> out;
  XL_TRY_ASSIGN(bool row, read.start(mark, detail::never_superseded));
  while (row && out.size() < count_max) {
    XL_TRY_ASSIGN(RecordEntry entry, detail::entry_at(read));
    out.push_back(std::move(entry));
    XL_TRY_ASSIGN(row, read.step());
  }
  return out;
}

Status RecordIndex::erase_patient(const model::Id& patient) {
  const std::lock_guard lock(impl_->mutex);
  impl_->known_texts.clear();
  return remove_rows(impl_->database, "@patient = ?1", {copy_of(patient.view())});
}

Status RecordIndex::erase_version(const model::Id& record, std::uint64_t vault_version) {
  const std::lock_guard lock(impl_->mutex);
  impl_->known_texts.clear();
  return remove_rows(impl_->database, "@record = ?1 AND @vault_version = ?2",
                     {copy_of(record.view()), as_signed(vault_version)});
}

Result<std::vector<model::Id>> RecordIndex::rebuild(const Source& source) {
  std::vector<model::Id> left_out;
  const std::lock_guard lock(impl_->mutex);
  XL_TRY_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::begin(impl_->database));
  XL_TRY(impl_->database.execute(
      "DELETE FROM marks; DELETE FROM ranges; DELETE FROM texts; DELETE FROM keys;"
      "DELETE FROM entries; DELETE FROM meta WHERE name = 'followed'"));
  XL_TRY(impl_->renew_generation());
  {
    detail::KnownTexts known;
    XL_TRY_ASSIGN(EntryWriter writer, EntryWriter::make(impl_->database, impl_->keys, known));
    for (;;) {
      XL_TRY_ASSIGN(const std::optional<RecordEntry> entry, source());
      if (!entry) break;
      const Status added = writer.add(*entry);
      if (added.ok()) continue;
      if (added.error().code != ErrorCode::index_version_exists) return added.error();
      left_out.push_back(entry->record);
    }
    XL_TRY(writer.flush());
  }
  impl_->known_texts.clear();
  XL_TRY(transaction.commit());
  XL_TRY(impl_->database.sync());
  return left_out;
}

}  // namespace xl::query
