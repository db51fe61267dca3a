// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>

#include "crypto/hash.h"
#include "model/tags.h"
#include "query/index_store.h"

namespace xl::query {
namespace {

using detail::Clause;
using detail::Cursor;
using detail::entry_columns;

/// Rows that are read before others may have the index again.
constexpr std::size_t decided_at_once = 128;

/// Ends the read transaction of a page on every way out.
class ReadScope {
 public:
  explicit ReadScope(sqlite::Database& database) : database_(database) {}
  ~ReadScope() { (void)database_.execute("ROLLBACK"); }
  ReadScope(const ReadScope&) = delete;
  ReadScope& operator=(const ReadScope&) = delete;

 private:
  sqlite::Database& database_;
};

void append_sized(Bytes& out, std::string_view text) {
  append_be(out, static_cast<std::uint32_t>(text.size()));
  append(out, view_of(text));
}

Hash digest_of(const Query& query) {
  Bytes bytes;
  append_sized(bytes, "search");
  append_sized(bytes, query.type);
  for (const SearchCriterion& criterion : query.criteria) {
    append_sized(bytes, criterion.name);
    append_be(bytes, static_cast<std::uint32_t>(criterion.values.size()));
    for (const SearchValue& value : criterion.values) {
      append_be(bytes, static_cast<std::uint8_t>(value.prefix));
      append_sized(bytes, value.text);
    }
  }
  return crypto::tagged_hash(model::tags::index_query, {bytes});
}

Hash digest_of(const HistoryQuery& query) {
  Bytes bytes;
  append_sized(bytes, "history");
  append_sized(bytes, query.type);
  append_sized(bytes, query.id);
  if (query.current_only) append_sized(bytes, "current");
  return crypto::tagged_hash(model::tags::index_query, {bytes});
}

Status check_bounds(const Allowed& allowed, std::size_t count) {
  if (count == 0 || count > index_page_max) return make_error(ErrorCode::search_page_invalid);
  if (allowed.patients && allowed.patients->size() > allowed_patients_max) {
    return make_error(ErrorCode::search_too_complex, "patients");
  }
  return {};
}

}  // namespace

Result<Cursor> RecordIndex::Impl::start_of(const Listing& listing) {
  XL_TRY_ASSIGN(const detail::Generation now, generation());
  if (!listing.cursor.empty()) {
    XL_TRY_ASSIGN(const Cursor cursor,
                  detail::open_cursor(cursor_key.view(), listing.digest, listing.cursor));
    if (cursor.generation != now) return make_error(ErrorCode::cursor_expired);
    return cursor;
  }
  XL_TRY_ASSIGN(sqlite::Statement last, database.prepare("SELECT max(row) FROM entries"));
  XL_TRY_ASSIGN(const bool row, last.step());
  return Cursor{now, row ? static_cast<std::uint64_t>(last.integer(0)) : 0, 0};
}

/// The scope, once for each patient allowed.
std::vector<Clause> RecordIndex::Impl::scopes_of(const Clause& scope, const Allowed& allowed) {
  if (!allowed.patients) return {scope};
  std::vector<model::Id> patients = *allowed.patients;
  std::sort(patients.begin(), patients.end());
  patients.erase(std::unique(patients.begin(), patients.end()), patients.end());
  std::vector<Clause> out;
  for (const model::Id& patient : patients) {
    Clause clause = scope;
    const std::string value = clause.bind(copy_of(patient.view()));
    clause.sql += " AND e.patient = " + value;
    out.push_back(std::move(clause));
  }
  return out;
}

/// The rows of the scopes, none twice. The caller holds the connection.
Result<std::vector<std::int64_t>> RecordIndex::Impl::rows_of(const std::vector<Clause>& scopes) {
  std::vector<std::int64_t> out;
  for (const Clause& scope : scopes) {
    XL_TRY_ASSIGN(sqlite::Statement rows,
                  detail::prepare_bound(database, "SELECT e.row FROM entries e WHERE " + scope.sql,
                                        scope.values));
    for (;;) {
      XL_TRY_ASSIGN(const bool row, rows.step());
      if (!row) break;
      out.push_back(rows.integer(0));
    }
  }
  return out;
}

/// Those of `rows` that the caller may know of. The connection is held only while a few rows are
/// read, never while the caller decides. A row number is never given again (AUTOINCREMENT), so what
/// was decided about one stays true of it; a row that is erased meanwhile is passed over.
Result<std::vector<std::int64_t>> RecordIndex::Impl::permitted(std::vector<std::int64_t> rows,
                                                               const Allowed& allowed) {
  std::vector<std::int64_t> out;
  std::vector<std::pair<std::int64_t, RecordEntry>> read;
  for (std::size_t next = 0; next < rows.size();) {
    read.clear();
    {
      const std::lock_guard lock(mutex);
      XL_TRY_ASSIGN(sqlite::Statement select,
                    database.prepare("SELECT " + std::string(entry_columns) +
                                     " FROM entries e WHERE e.row = ?1"));
      for (; next < rows.size() && read.size() < decided_at_once; ++next) {
        XL_TRY_ASSIGN(const bool there, select.start(rows[next]));
        if (!there) continue;
        XL_TRY_ASSIGN(RecordEntry entry, detail::entry_at(select));
        read.emplace_back(rows[next], std::move(entry));
        select.reset();
      }
    }
    for (const auto& [row, entry] : read) {
      if (allowed.record(entry)) out.push_back(row);
    }
  }
  return out;
}

/// The caller holds the connection.
Status RecordIndex::Impl::keep_permitted(const std::vector<std::int64_t>& rows) {
  XL_TRY(
      database.execute("CREATE TEMP TABLE IF NOT EXISTS permitted(row INTEGER PRIMARY KEY);"
                       "DELETE FROM temp.permitted"));
  XL_TRY_ASSIGN(sqlite::Statement insert,
                database.prepare("INSERT OR IGNORE INTO temp.permitted VALUES(?1)"));
  for (const std::int64_t row : rows) XL_TRY(insert.run(row));
  return {};
}

/// First which rows are in question, then, with the index free for others, which of them the caller
/// may know of, then what matches among those.
Result<IndexPage> RecordIndex::Impl::page(const Listing& listing) {
  Cursor start;
  std::vector<std::int64_t> rows;
  Clause clause = listing.scope;
  {
    const std::lock_guard lock(mutex);
    XL_TRY(database.execute("BEGIN"));
    const ReadScope scope_of_read(database);
    XL_TRY_ASSIGN(start, start_of(listing));
    const std::string snapshot = clause.bind(detail::as_signed(start.snapshot));
    clause.sql += " AND e.row <= " + snapshot;
    if (listing.current_only) clause.sql += " AND e.superseded > " + snapshot;
    if (restricted(listing)) {
      XL_TRY_ASSIGN(rows, rows_of(scopes_of(clause, listing.allowed)));
    }
  }
  if (listing.allowed.record) {
    XL_TRY_ASSIGN(rows, permitted(std::move(rows), listing.allowed));
  }
  const std::lock_guard lock(mutex);
  XL_TRY(database.execute("BEGIN"));
  const ReadScope scope_of_read(database);
  XL_TRY_ASSIGN(const detail::Generation now, generation());
  if (now != start.generation) return make_error(ErrorCode::cursor_expired);
  return matching(listing, start, std::move(clause), rows);
}

/// The page among the rows that may be known. The caller holds the connection.
Result<IndexPage> RecordIndex::Impl::matching(const Listing& listing, const Cursor& start,
                                              Clause clause,
                                              const std::vector<std::int64_t>& rows_permitted) {
  std::string from = "entries e WHERE ";
  if (restricted(listing)) {
    XL_TRY(keep_permitted(rows_permitted));
    from = "temp.permitted p CROSS JOIN entries e ON e.row = p.row WHERE ";
  }
  if (listing.query != nullptr) XL_TRY(detail::add_criteria(*listing.query, clause));

  IndexPage out;
  XL_TRY_ASSIGN(
      sqlite::Statement count,
      detail::prepare_bound(database, "SELECT count(*) FROM " + from + clause.sql, clause.values));
  XL_TRY_ASSIGN(const bool counted, count.step());
  out.total = counted ? static_cast<std::uint64_t>(count.integer(0)) : 0;

  std::string place;
  if (start.row != 0) {
    XL_TRY_ASSIGN(sqlite::Statement known,
                  database.prepare("SELECT 1 FROM entries WHERE row = ?1"));
    XL_TRY_ASSIGN(const bool there, known.start(detail::as_signed(start.row)));
    if (!there) return make_error(ErrorCode::cursor_expired);
    place = " AND EXISTS(SELECT 1 FROM entries a WHERE a.row = " +
            clause.bind(detail::as_signed(start.row)) + " AND (" + std::string(listing.behind) +
            "))";
  }
  const std::string limit = clause.bind(detail::as_signed(listing.count + 1));
  XL_TRY_ASSIGN(sqlite::Statement rows,
                detail::prepare_bound(database,
                                      "SELECT " + std::string(entry_columns) + " FROM " + from +
                                          clause.sql + place + " ORDER BY " +
                                          std::string(listing.order) + " LIMIT " + limit,
                                      clause.values));
  std::int64_t last = 0;
  for (;;) {
    XL_TRY_ASSIGN(const bool row, rows.step());
    if (!row) return out;
    if (out.entries.size() == listing.count) break;
    XL_TRY_ASSIGN(RecordEntry entry, detail::entry_at(rows));
    out.entries.push_back(std::move(entry));
    last = rows.integer(detail::entry_row_column);
  }
  out.next_cursor =
      detail::seal_cursor(cursor_key.view(), listing.digest,
                          {start.generation, start.snapshot, static_cast<std::uint64_t>(last)});
  return out;
}

Result<IndexPage> RecordIndex::search(const Query& query) {
  if (!is_searchable_type(query.type)) return make_error(ErrorCode::search_type_unknown);
  XL_TRY(check_bounds(query.allowed, query.count));
  Impl::Listing listing{
      .scope = {},
      .current_only = true,
      .order = "e.updated DESC, e.id",
      .behind = "e.updated < a.updated OR (e.updated = a.updated AND e.id > a.id)",
      .query = &query,
      .allowed = query.allowed,
      .count = query.count,
      .cursor = query.cursor,
      .digest = digest_of(query)};
  const std::string type = listing.scope.bind(query.type);
  listing.scope.sql = "e.deleted = 0 AND e.type = " + type;
  return impl_->page(listing);
}

Result<IndexPage> RecordIndex::history(const HistoryQuery& query) {
  XL_TRY(check_bounds(query.allowed, query.count));
  Impl::Listing listing{
      .scope = {},
      .current_only = query.current_only,
      .order = "e.updated DESC, e.type, e.id, e.version DESC",
      .behind =
          "e.updated < a.updated OR (e.updated = a.updated AND (e.type > a.type OR (e.type = "
          "a.type AND (e.id > a.id OR (e.id = a.id AND e.version < a.version)))))",
      .query = nullptr,
      .allowed = query.allowed,
      .count = query.count,
      .cursor = query.cursor,
      .digest = digest_of(query)};
  listing.scope.sql = query.current_only ? "e.deleted = 0" : "TRUE";
  if (!query.type.empty()) {
    const std::string type = listing.scope.bind(query.type);
    listing.scope.sql += " AND e.type = " + type;
  }
  if (!query.id.empty()) {
    const std::string id = listing.scope.bind(query.id);
    listing.scope.sql += " AND e.id = " + id;
    listing.order = "e.version DESC, e.type";
    listing.behind = "e.version < a.version OR (e.version = a.version AND e.type > a.type)";
  }
  return impl_->page(listing);
}

}  // namespace xl::query
