// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>

#include "crypto/hash.h"
#include "fhir/definitions.h"
#include "model/tags.h"
#include "query/index_store.h"

namespace xl::query {
namespace {

using detail::Clause;
using detail::Cursor;
using detail::entry_columns;

/// Rows that are read before others may have the index again.
constexpr std::size_t decided_at_once = 128;
constexpr std::size_t hits_at_once = 20000;
/// Rows that are counted to find the most selective criterion: a few first, then more. One that
/// still more rows meet is as good as none to begin with.
constexpr std::int64_t rows_counted[] = {4096, 65536};
/// Values of a search with those of its chains, which are asked for each type they may lead to.
constexpr std::size_t chained_values_max = 16 * search_values_max;

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

void append_criterion(Bytes& out, const SearchCriterion& criterion) {
  append_sized(out, criterion.name);
  append_sized(out, criterion.target);
  append_be(out, static_cast<std::uint8_t>(criterion.modifier));
  append_be(out, static_cast<std::uint32_t>(criterion.values.size()));
  for (const SearchValue& value : criterion.values) {
    append_be(out, static_cast<std::uint8_t>(value.prefix));
    append_sized(out, value.text);
  }
  append_be(out, static_cast<std::uint32_t>(criterion.chained.size()));
  for (const SearchCriterion& one : criterion.chained) {
    append_sized(out, one.asked_of);
    append_criterion(out, one);
  }
}

Hash digest_of(const Query& query) {
  Bytes bytes;
  append_sized(bytes, "search");
  append_sized(bytes, query.type);
  append_be(bytes, static_cast<std::uint32_t>(query.types.size()));
  for (const std::string& type : query.types) append_sized(bytes, type);
  append_be(bytes, static_cast<std::uint32_t>(query.sort.size()));
  for (const SortKey& key : query.sort) {
    append_sized(bytes, (key.descending ? "-" : "") + key.name);
  }
  for (const SearchCriterion& criterion : query.criteria) append_criterion(bytes, criterion);
  return crypto::tagged_hash(model::tags::index_query, {bytes});
}

Hash digest_of(const HistoryQuery& query) {
  Bytes bytes;
  append_sized(bytes, "history");
  append_sized(bytes, query.type);
  append_sized(bytes, query.id);
  if (query.since_ms) append_be(bytes, *query.since_ms);
  if (query.at) {
    append_be(bytes, static_cast<std::uint64_t>(query.at->low));
    append_be(bytes, static_cast<std::uint64_t>(query.at->high));
  }
  return crypto::tagged_hash(model::tags::index_query, {bytes});
}

const std::vector<model::Id>* patients_of(const Allowed& allowed) {
  return allowed.patients ? &*allowed.patients : nullptr;
}

/// Whose records may match; nothing: anybody's.
std::optional<std::vector<model::Id>> matched_patients(const Query& query) {
  if (!query.of_patients) return query.allowed.patients;
  std::vector<model::Id> out = *query.of_patients;
  if (const auto* allowed = patients_of(query.allowed)) {
    std::erase_if(out, [&](const model::Id& one) {
      return std::find(allowed->begin(), allowed->end(), one) == allowed->end();
    });
  }
  return out;
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
  XL_TRY(database.execute("DELETE FROM temp.permitted"));
  XL_TRY_ASSIGN(sqlite::Statement insert,
                database.prepare("INSERT OR IGNORE INTO temp.permitted VALUES(?1)"));
  for (const std::int64_t row : rows) XL_TRY(insert.run(row));
  return {};
}

/// Puts the chains' results where the conditions look for them. The caller holds the connection.
Status RecordIndex::Impl::keep_links(const std::vector<const detail::Links*>& stages) {
  if (stages.empty()) return {};
  XL_TRY(database.execute("DELETE FROM temp.linked_marks"));
  XL_TRY(database.execute("DELETE FROM temp.linked_ids"));
  XL_TRY_ASSIGN(sqlite::Statement mark,
                database.prepare("INSERT OR IGNORE INTO temp.linked_marks VALUES(?1, ?2)"));
  XL_TRY_ASSIGN(sqlite::Statement id,
                database.prepare("INSERT OR IGNORE INTO temp.linked_ids VALUES(?1, ?2)"));
  for (std::size_t stage = 0; stage < stages.size(); ++stage) {
    const std::int64_t number = detail::as_signed(stage);
    for (const std::int64_t one : stages[stage]->marks) XL_TRY(mark.run(number, one));
    for (const std::string& one : stages[stage]->ids) {
      XL_TRY(id.run(number, std::string_view(one)));
    }
  }
  return {};
}

/// How many rows a condition can be met by, up to `most`. The caller holds the connection.
Result<std::int64_t> RecordIndex::Impl::count_some(const std::string& rows, const Clause& clause,
                                                   std::int64_t most) {
  // The second column names the last value, so that all of them can be bound.
  const std::string sql = "SELECT count(*), ?" + std::to_string(clause.values.size()) +
                          " FROM (SELECT 1 FROM (" + rows + ") LIMIT " + std::to_string(most) + ")";
  XL_TRY_ASSIGN(sqlite::Statement count, detail::prepare_bound(database, sql, clause.values));
  XL_TRY_ASSIGN(const bool row, count.step());
  return row ? count.integer(0) : 0;
}

/// The condition that the fewest rows can meet; null where all are met by many. The caller holds
/// the connection.
Result<const detail::Condition*> RecordIndex::Impl::most_selective(
    const std::vector<detail::Condition>& conditions, const Clause& clause) {
  const detail::Condition* out = nullptr;
  for (const std::int64_t most : rows_counted) {
    std::int64_t least = most;
    for (const detail::Condition& one : conditions) {
      if (one.rows.empty()) continue;
      XL_TRY_ASSIGN(const std::int64_t count, count_some(one.rows, clause, least));
      if (count >= least) continue;
      least = count;
      out = &one;
    }
    if (out != nullptr) break;
  }
  return out;
}

/// What a listing selects from, by its most selective criterion, and what must hold. `rows` are
/// those that may be known, where that is decided already. The caller holds the connection.
Result<RecordIndex::Impl::Selection> RecordIndex::Impl::select(
    const Listing& listing, Clause scope, const detail::LinksOf& links,
    const std::vector<std::int64_t>* rows) {
  Selection out{"entries e", std::move(scope)};
  detail::ConditionMaker maker(keys, links, out.where);
  std::vector<detail::Condition> conditions;
  if (listing.criteria != nullptr) {
    for (const SearchCriterion& criterion : *listing.criteria) {
      XL_TRY_ASSIGN(detail::Condition one, maker.make(listing.type, criterion));
      conditions.push_back(std::move(one));
    }
  }
  XL_TRY(keep_links(maker.stages()));
  if (rows != nullptr) {
    XL_TRY(keep_permitted(*rows));
    out.from = "temp.permitted p CROSS JOIN entries e ON e.row = p.row";
  } else {
    XL_TRY_ASSIGN(const detail::Condition* first, most_selective(conditions, out.where));
    if (first != nullptr) {
      out.from = "(SELECT DISTINCT row FROM (" + first->rows +
                 ")) d CROSS JOIN entries e ON e.row = "
                 "d.row";
    }
  }
  for (const detail::Condition& one : conditions) out.where.sql += " AND " + one.sql;
  return out;
}

/// The entries that a statement gives. The caller holds the connection.
Result<RecordIndex::Impl::Hits> RecordIndex::Impl::read_hits(const std::string& sql,
                                                             const Clause& where) {
  XL_TRY_ASSIGN(sqlite::Statement rows, detail::prepare_bound(database, sql, where.values));
  Hits out;
  for (;;) {
    XL_TRY_ASSIGN(const bool row, rows.step());
    if (!row) return out;
    XL_TRY_ASSIGN(RecordEntry entry, detail::entry_at(rows));
    out.push_back({rows.integer(detail::entry_row_column), std::move(entry)});
  }
}

Status RecordIndex::Impl::check_generation(const Cursor& start) {
  XL_TRY_ASSIGN(const detail::Generation now, generation());
  return now == start.generation ? Status{} : Status(make_error(ErrorCode::cursor_expired));
}

namespace {

/// A listing's scope as of its first page.
Clause snapshot_scope(const Clause& scope, bool current_only, const Cursor& start) {
  Clause out = scope;
  const std::string snapshot = out.bind(detail::as_signed(start.snapshot));
  out.sql += " AND e.row <= " + snapshot;
  if (current_only) out.sql += " AND e.superseded > " + snapshot;
  return out;
}

bool in_record_order(const std::vector<SortKey>* sort) {
  if (sort == nullptr) return true;
  return std::all_of(sort->begin(), sort->end(), [](const SortKey& key) {
    return key.name == "_lastUpdated" || key.name == "_id";
  });
}

}  // namespace

/// All that matches and may be known, in no order. Errors: search_too_broad (more than `most`
/// match).
Result<RecordIndex::Impl::Hits> RecordIndex::Impl::all_hits(const Listing& listing,
                                                            const Cursor& start, std::size_t most) {
  XL_TRY_ASSIGN(const detail::LinksOf links, follow(listing, start));
  const Clause scope = snapshot_scope(listing.scope, listing.current_only, start);
  std::vector<std::int64_t> rows;
  const bool by_patient = listing.among != nullptr;
  if (by_patient) {
    XL_TRY_ASSIGN(rows, known_rows(listing, start));
  }
  Hits found;
  std::int64_t erased_before = 0;
  {
    const std::lock_guard lock(mutex);
    XL_TRY(database.execute("BEGIN"));
    const ReadScope scope_of_read(database);
    XL_TRY(check_generation(start));
    XL_TRY_ASSIGN(erased_before, erasures());
    XL_TRY_ASSIGN(const Selection selection,
                  select(listing, scope, links, by_patient ? &rows : nullptr));
    XL_TRY_ASSIGN(
        found, read_hits("SELECT " + std::string(entry_columns) + " FROM " + selection.from +
                             " WHERE " + selection.where.sql + " LIMIT " + std::to_string(most + 1),
                         selection.where));
  }
  if (found.size() > most) return make_error(ErrorCode::search_too_broad);
  if (!by_patient && listing.allowed.record) {
    std::erase_if(found, [&](const Hit& hit) { return !listing.allowed.record(hit.entry); });
    XL_TRY(drop_erased(start, found, erased_before));
  }
  return found;
}

/// What the chains of a listing lead to. Decided like everything else: nobody learns by a chain of
/// a record that they may not see.
Result<detail::LinksOf> RecordIndex::Impl::follow(const Listing& listing, const Cursor& start) {
  detail::LinksOf out;
  if (listing.criteria == nullptr) return out;
  for (const SearchCriterion& criterion : *listing.criteria) {
    if (criterion.name == "_list") {
      out[&criterion].ids = criterion.listed;
      continue;
    }
    if (criterion.chained.empty()) {
      detail::Links merged;
      XL_TRY(follow_merges(listing, start, criterion, detail::patients_named(criterion), merged));
      if (!merged.marks.empty()) out.emplace(&criterion, std::move(merged));
      continue;
    }
    XL_TRY_ASSIGN(detail::Links links, follow_one(listing, start, criterion));
    out.emplace(&criterion, std::move(links));
  }
  return out;
}

Result<detail::Links> RecordIndex::Impl::follow_one(const Listing& listing, const Cursor& start,
                                                    const SearchCriterion& criterion) {
  detail::Links out;
  for (const SearchCriterion& one : criterion.chained) {
    const std::vector<SearchCriterion> inner{one};
    Listing through{.scope = {},
                    .current_only = true,
                    .order = {},
                    .behind = {},
                    .type = one.asked_of,
                    .criteria = &inner,
                    .sort = nullptr,
                    .allowed = listing.allowed,
                    .among = patients_of(listing.allowed),
                    .total = Total::none,
                    .count = 0,
                    .cursor = {},
                    .digest = {}};
    const std::string type = through.scope.bind(one.asked_of);
    through.scope.sql = "e.deleted = 0 AND e.type = " + type;
    XL_TRY_ASSIGN(const Hits hits, all_hits(through, start, chain_matches_max));
    if (criterion.name != "_has") {
      std::vector<std::string> patients;
      for (const Hit& hit : hits) {
        if (hit.entry.type == "Patient") patients.push_back(hit.entry.id);
        out.marks.push_back(keys.mark(listing.type, criterion.name, Form::target,
                                      join_parts({"", hit.entry.type, hit.entry.id})));
      }
      XL_TRY(follow_canonicals(listing, criterion, hits, out));
      XL_TRY(follow_merges(listing, start, criterion, patients, out));
      continue;
    }
    const auto* via = fhir::find_search_parameter(one.asked_of, criterion.target);
    XL_CHECK(via != nullptr);
    const std::string wanted = std::string(listing.type) + "/";
    const std::lock_guard lock(mutex);
    for (const Hit& hit : hits) {
      XL_TRY_ASSIGN(const std::vector<std::string> names, texts_of(hit.row, one.asked_of, *via));
      for (const std::string& name : names) {
        if (name.starts_with(wanted)) out.ids.push_back(name.substr(wanted.size()));
      }
      XL_TRY(add_canonical_targets(start, listing.type, hit, *via, out.ids));
    }
    if (listing.type == "Patient") XL_TRY(add_merge_targets(start, out.ids));
  }
  return out;
}

/// The rows in question of a listing of some patients, as far as the caller may know of them.
Result<std::vector<std::int64_t>> RecordIndex::Impl::known_rows(const Listing& listing,
                                                                const Cursor& start) {
  std::vector<std::int64_t> rows;
  {
    const std::lock_guard lock(mutex);
    XL_TRY(database.execute("BEGIN"));
    const ReadScope scope_of_read(database);
    const Clause scope = snapshot_scope(listing.scope, listing.current_only, start);
    XL_TRY_ASSIGN(rows, candidates(scope, *listing.among));
    XL_TRY(add_also(listing, scope, rows));
  }
  if (!listing.allowed.record) return rows;
  return permitted(std::move(rows), listing.allowed);
}

/// First which rows are in question, then, with the index free for others, which of them the caller
/// may know of, then what matches among those. Where any patient may be asked about, matching comes
/// first, as people of the house may know that a record is there.
Result<IndexPage> RecordIndex::Impl::page(const Listing& listing) {
  Cursor start;
  {
    const std::lock_guard lock(mutex);
    XL_TRY(database.execute("BEGIN"));
    const ReadScope scope_of_read(database);
    XL_TRY_ASSIGN(start, start_of(listing));
  }
  if (!in_record_order(listing.sort)) return page_sorted(listing, start);
  XL_TRY_ASSIGN(const detail::LinksOf links, follow(listing, start));
  if (listing.among == nullptr) {
    if (listing.allowed.record) return page_decided_late(listing, start, links);
    return page_in_order(listing, start, links, nullptr);
  }
  XL_TRY_ASSIGN(const std::vector<std::int64_t> rows, known_rows(listing, start));
  return page_in_order(listing, start, links, &rows);
}

/// ` AND …` for what follows a row. Errors: cursor_expired (it was erased). The caller holds the
/// connection.
Result<std::string> RecordIndex::Impl::place_of(const Listing& listing, std::int64_t row,
                                                Clause& clause) {
  if (row == 0) return std::string{};
  XL_TRY_ASSIGN(sqlite::Statement known, database.prepare("SELECT 1 FROM entries WHERE row = ?1"));
  XL_TRY_ASSIGN(const bool there, known.start(row));
  if (!there) return make_error(ErrorCode::cursor_expired);
  return " AND EXISTS(SELECT 1 FROM entries a WHERE a.row = " + clause.bind(row) + " AND (" +
         std::string(listing.behind) + "))";
}

std::string RecordIndex::Impl::seal(const Listing& listing, const Cursor& start,
                                    std::int64_t row) const {
  return detail::seal_cursor(cursor_key.view(), listing.digest,
                             {start.generation, start.snapshot, static_cast<std::uint64_t>(row)});
}

/// The page among the rows that may be known: all, or `rows`.
Result<IndexPage> RecordIndex::Impl::page_in_order(const Listing& listing, const Cursor& start,
                                                   const detail::LinksOf& links,
                                                   const std::vector<std::int64_t>* rows) {
  const std::lock_guard lock(mutex);
  XL_TRY(database.execute("BEGIN"));
  const ReadScope scope_of_read(database);
  XL_TRY(check_generation(start));
  XL_TRY_ASSIGN(
      Selection selection,
      select(listing, snapshot_scope(listing.scope, listing.current_only, start), links, rows));
  const std::string from = selection.from + " WHERE " + selection.where.sql;
  IndexPage out;
  if (listing.total == Total::none) {
    out.total.reset();
  } else {
    XL_TRY_ASSIGN(
        sqlite::Statement count,
        detail::prepare_bound(database, "SELECT count(*) FROM " + from, selection.where.values));
    XL_TRY_ASSIGN(const bool counted, count.step());
    out.total = counted ? static_cast<std::uint64_t>(count.integer(0)) : 0;
  }
  XL_TRY_ASSIGN(const std::string place,
                place_of(listing, detail::as_signed(start.row), selection.where));
  XL_TRY_ASSIGN(Hits hits, read_hits("SELECT " + std::string(entry_columns) + " FROM " + from +
                                         place + " ORDER BY " + std::string(listing.order) +
                                         " LIMIT " + std::to_string(listing.count + 1),
                                     selection.where));
  if (hits.size() > listing.count) {
    hits.pop_back();
    out.next_cursor = seal(listing, start, hits.back().row);
  }
  for (Hit& hit : hits) out.entries.push_back(std::move(hit.entry));
  return out;
}

/// The page of what matches and may be known: while that is little all of it is decided and
/// counted, else as much as the page needs.
Result<IndexPage> RecordIndex::Impl::page_decided_late(const Listing& listing, const Cursor& start,
                                                       const detail::LinksOf& links) {
  std::int64_t erased_before = 0;
  {
    const std::lock_guard lock(mutex);
    XL_TRY_ASSIGN(erased_before, erasures());
  }
  if (listing.total != Total::none) {
    XL_TRY_ASSIGN(Hits hits,
                  hits_behind(listing, start, links, 0, matches_counted_max + 1, nullptr));
    if (hits.size() <= matches_counted_max) {
      return page_counted(listing, start, std::move(hits), erased_before);
    }
  }
  IndexPage out;
  out.total.reset();
  if (listing.total == Total::accurate) {
    out.total = 0;
    XL_TRY(for_all_hits(listing, start, links, [&](const Hits& hits) {
      *out.total += hits.size();
      return Status{};
    }));
  }
  std::int64_t last = detail::as_signed(start.row);  // looked at
  std::int64_t given = last;
  const std::size_t at_once = decided_at_once + listing.count;
  for (;;) {
    XL_TRY_ASSIGN(Hits hits, hits_behind(listing, start, links, last, at_once, nullptr));
    const bool at_end = hits.size() < at_once;
    if (!hits.empty()) last = hits.back().row;
    std::erase_if(hits, [&](const Hit& hit) { return !listing.allowed.record(hit.entry); });
    XL_TRY(drop_erased(start, hits, erased_before));
    for (Hit& hit : hits) {
      if (out.entries.size() == listing.count) {
        out.next_cursor = seal(listing, start, given);
        return out;
      }
      given = hit.row;
      out.entries.push_back(std::move(hit.entry));
    }
    if (at_end) return out;
  }
}

/// All that match and may be known, however many, in no order, a step at a time: between two steps
/// the connection is free for others.
Status RecordIndex::Impl::for_all_hits(const Listing& listing, const Cursor& start,
                                       const detail::LinksOf& links,
                                       const std::function<Status(Hits hits)>& give) {
  std::vector<std::int64_t> rows;
  if (listing.among != nullptr) {
    XL_TRY_ASSIGN(rows, known_rows(listing, start));
  }
  Listing step = listing;
  step.order = "e.row";
  std::int64_t last = 0;
  for (std::size_t next = 0;;) {
    std::int64_t erased_before = 0;
    {
      const std::lock_guard lock(mutex);
      XL_TRY_ASSIGN(erased_before, erasures());
    }
    Hits hits;
    bool at_end = false;
    if (listing.among != nullptr) {
      const std::size_t count = std::min(rows.size() - next, hits_at_once);
      const auto first = rows.begin() + static_cast<std::ptrdiff_t>(next);
      const std::vector<std::int64_t> some(first, first + static_cast<std::ptrdiff_t>(count));
      XL_TRY_ASSIGN(hits, hits_behind(step, start, links, 0, hits_at_once, &some));
      next += count;
      at_end = next == rows.size();
    } else {
      step.scope = listing.scope;
      const std::string behind = step.scope.bind(last);
      step.scope.sql += " AND e.row > " + behind;
      XL_TRY_ASSIGN(hits, hits_behind(step, start, links, 0, hits_at_once, nullptr));
      at_end = hits.size() < hits_at_once;
      if (!hits.empty()) last = hits.back().row;
      if (listing.allowed.record) {
        std::erase_if(hits, [&](const Hit& hit) { return !listing.allowed.record(hit.entry); });
        XL_TRY(drop_erased(start, hits, erased_before));
      }
    }
    XL_TRY(give(std::move(hits)));
    if (at_end) return {};
  }
}

/// What matches behind a row (0: from the first on), in order, among `rows` where they are given.
/// Takes the connection.
Result<RecordIndex::Impl::Hits> RecordIndex::Impl::hits_behind(
    const Listing& listing, const Cursor& start, const detail::LinksOf& links, std::int64_t row,
    std::size_t limit, const std::vector<std::int64_t>* rows) {
  const std::lock_guard lock(mutex);
  XL_TRY(database.execute("BEGIN"));
  const ReadScope scope_of_read(database);
  XL_TRY(check_generation(start));
  XL_TRY_ASSIGN(
      Selection selection,
      select(listing, snapshot_scope(listing.scope, listing.current_only, start), links, rows));
  XL_TRY_ASSIGN(const std::string place, place_of(listing, row, selection.where));
  return read_hits("SELECT " + std::string(entry_columns) + " FROM " + selection.from + " WHERE " +
                       selection.where.sql + place + " ORDER BY " + std::string(listing.order) +
                       " LIMIT " + std::to_string(limit),
                   selection.where);
}

/// The page behind the cursor's row among all that matches, in order. Errors: cursor_expired (the
/// row was erased).
Result<IndexPage> RecordIndex::Impl::page_counted(const Listing& listing, const Cursor& start,
                                                  Hits hits, std::int64_t erased_before) {
  const std::int64_t former = detail::as_signed(start.row);
  std::erase_if(hits, [&](const Hit& hit) {
    return !listing.allowed.record(hit.entry) && hit.row != former;
  });
  XL_TRY(drop_erased(start, hits, erased_before));
  IndexPage out;
  out.total = hits.size();
  auto next = hits.begin();
  if (former != 0) {
    next =
        std::find_if(hits.begin(), hits.end(), [&](const Hit& hit) { return hit.row == former; });
    if (next == hits.end()) return make_error(ErrorCode::cursor_expired);
    if (!listing.allowed.record(next->entry)) --*out.total;
    ++next;
  }
  for (std::int64_t given = 0; next != hits.end(); ++next) {
    if (out.entries.size() == listing.count) {
      out.next_cursor = seal(listing, start, given);
      break;
    }
    given = next->row;
    out.entries.push_back(std::move(next->entry));
  }
  return out;
}

/// Leaves out what was erased while the caller decided. Errors: cursor_expired (the index was
/// filled again). Takes the connection.
Status RecordIndex::Impl::drop_erased(const Cursor& start, Hits& hits, std::int64_t erased_before) {
  const std::lock_guard lock(mutex);
  XL_TRY(check_generation(start));
  XL_TRY_ASSIGN(const std::int64_t now, erasures());
  if (now == erased_before) return {};
  XL_TRY_ASSIGN(sqlite::Statement known, database.prepare("SELECT 1 FROM entries WHERE row = ?1"));
  Hits kept;
  for (Hit& hit : hits) {
    XL_TRY_ASSIGN(const bool there, known.start(hit.row));
    known.reset();
    if (there) kept.push_back(std::move(hit));
  }
  hits = std::move(kept);
  return {};
}

namespace {

/// Parameters and values of a search, with those of its chains.
void count_criteria(const std::vector<SearchCriterion>& criteria, std::size_t& parameters,
                    std::size_t& values) {
  for (const SearchCriterion& one : criteria) {
    ++parameters;
    values += one.values.size();
    if (one.listed.size() > chain_matches_max) values = chained_values_max + 1;
    count_criteria(one.chained, parameters, values);
  }
}

Status check_query(const Query& query) {
  const auto unknown = [](const std::string& type) { return !fhir::is_resource_type(type); };
  if ((!query.type.empty() && unknown(query.type)) ||
      std::any_of(query.types.begin(), query.types.end(), unknown)) {
    return make_error(ErrorCode::search_type_unknown);
  }
  XL_TRY(check_bounds(query.allowed, query.count));
  std::size_t parameters = 0;
  std::size_t values = 0;
  count_criteria(query.criteria, parameters, values);
  if (query.criteria.size() > search_parameters_max || query.types.size() > search_types_max) {
    return make_error(ErrorCode::search_too_complex, "parameters");
  }
  if (values > chained_values_max) return make_error(ErrorCode::search_too_complex, "values");
  std::size_t own = 0;
  for (const SearchCriterion& one : query.criteria) own += one.values.size();
  if (own > search_values_max) return make_error(ErrorCode::search_too_complex, "values");
  return {};
}

/// An order by the record itself: SQL for ORDER BY, and for what follows entry `a` in it.
struct RecordOrder {
  std::string order;
  std::string behind;
};
RecordOrder record_order(const std::vector<SortKey>& sort) {
  std::vector<std::pair<std::string, bool>> columns;  // descending or not
  for (const SortKey& key : sort) {
    columns.emplace_back(key.name == "_id" ? "id" : "updated", key.descending);
  }
  if (sort.empty()) columns.emplace_back("updated", true);
  columns.emplace_back("type", false);
  columns.emplace_back("id", false);
  RecordOrder out;
  std::string same;
  for (const auto& [name, descending] : columns) {
    out.order += (out.order.empty() ? "e." : ", e.") + name + (descending ? " DESC" : "");
    out.behind += (out.behind.empty() ? "(" : " OR (") + same + "e." + name +
                  (descending ? " < a." : " > a.") + name + ")";
    same += "e." + name + " = a." + name + " AND ";
  }
  return out;
}

}  // namespace

Result<IndexPage> RecordIndex::search(const Query& query) {
  XL_TRY(check_query(query));
  const RecordOrder order =
      record_order(in_record_order(&query.sort) ? query.sort : std::vector<SortKey>{});
  const auto among = matched_patients(query);
  Impl::Listing listing{.scope = {},
                        .current_only = true,
                        .order = order.order,
                        .behind = order.behind,
                        .type = query.type,
                        .criteria = &query.criteria,
                        .sort = &query.sort,
                        .allowed = query.allowed,
                        .among = among ? &*among : nullptr,
                        .also = query.of_patients ? &query.also : nullptr,
                        .total = query.total,
                        .count = query.count,
                        .cursor = query.cursor,
                        .digest = digest_of(query)};
  listing.scope.sql = "e.deleted = 0";
  if (!query.type.empty()) {
    const std::string type = listing.scope.bind(query.type);
    listing.scope.sql += " AND e.type = " + type;
  } else if (!query.types.empty()) {
    std::string types;  // names of the definitions, more than can be bound
    for (const std::string& one : query.types) {
      types += (types.empty() ? "'" : ",'") + one + "'";
    }
    listing.scope.sql += " AND e.type IN (" + types + ")";
  }
  return impl_->page(listing);
}

Result<IndexPage> RecordIndex::history(const HistoryQuery& query) {
  XL_TRY(check_bounds(query.allowed, query.count));
  Impl::Listing listing{
      .scope = {},
      .current_only = false,
      .order = "e.updated DESC, e.type, e.id, e.version DESC",
      .behind =
          "e.updated < a.updated OR (e.updated = a.updated AND (e.type > a.type OR (e.type = "
          "a.type AND (e.id > a.id OR (e.id = a.id AND e.version < a.version)))))",
      .type = {},
      .criteria = nullptr,
      .sort = nullptr,
      .allowed = query.allowed,
      .among = patients_of(query.allowed),
      .total = query.total,
      .count = query.count,
      .cursor = query.cursor,
      .digest = digest_of(query)};
  listing.scope.sql = "TRUE";
  if (query.since_ms) {
    const std::string since = listing.scope.bind(detail::as_signed(*query.since_ms));
    listing.scope.sql += " AND e.updated >= " + since;
  }
  if (query.at) {
    const std::string high = listing.scope.bind(query.at->high);
    const std::string low = listing.scope.bind(query.at->low);
    listing.scope.sql += " AND e.updated <= " + high +
                         " AND NOT EXISTS(SELECT 1 FROM entries n WHERE n.type = e.type AND "
                         "n.id = e.id AND n.version > e.version AND n.updated <= " +
                         low + ")";
  }
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
