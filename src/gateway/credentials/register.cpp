// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/credentials/register.h"

#include "crypto/random.h"
#include "custody/ledger_port.h"

namespace xl::gateway::credentials {
namespace {

constexpr std::int64_t issued_format = 1;
constexpr std::string_view issued_tables =
    "CREATE TABLE lists(pair INTEGER PRIMARY KEY, revocation TEXT NOT NULL,"
    "  suspension TEXT NOT NULL, entries INTEGER NOT NULL, taken INTEGER NOT NULL);"
    "CREATE TABLE issued(id TEXT PRIMARY KEY, type TEXT NOT NULL, holder TEXT NOT NULL,"
    "  pair INTEGER NOT NULL, entry INTEGER NOT NULL, issued_ms INTEGER NOT NULL,"
    "  until_ms INTEGER NOT NULL, UNIQUE(pair, entry)) WITHOUT ROWID;"
    "CREATE INDEX issued_by_time ON issued(issued_ms);"
    "PRAGMA user_version = 1";
constexpr std::string_view issued_columns =
    "SELECT i.id, i.type, i.holder, l.revocation, l.suspension, i.entry, i.issued_ms, i.until_ms"
    " FROM issued i JOIN lists l ON l.pair = i.pair ";
/// Draws of an entry before it is given up: lists are filled to a half, so 40 fail once in 10^12.
constexpr int draws_max = 40;

std::uint32_t random_below(std::uint32_t bound) {
  std::uint32_t out = 0;
  crypto::random_bytes({reinterpret_cast<std::uint8_t*>(&out), sizeof out});
  return out % bound;  // bounds are far below 2^32: the bias is nothing
}

Result<Issued> issued_from(const sqlite::Statement& row) {
  Issued out;
  XL_TRY_ASSIGN(out.id, model::id_from_text(row.text(0)));
  out.type = row.text(1);
  out.holder = row.text(2);
  XL_TRY_ASSIGN(out.revocation, model::id_from_text(row.text(3)));
  XL_TRY_ASSIGN(out.suspension, model::id_from_text(row.text(4)));
  out.index = static_cast<std::uint32_t>(row.integer(5));
  out.issued_ms = static_cast<std::uint64_t>(row.integer(6));
  out.until_ms = static_cast<std::uint64_t>(row.integer(7));
  return out;
}

}  // namespace

std::vector<vc::StatusPlace> Issued::places() const {
  return {{vc::StatusPurpose::revocation, revocation, index},
          {vc::StatusPurpose::suspension, suspension, index}};
}

Result<std::unique_ptr<Register>> Register::open(const std::filesystem::path& path, ByteView key) {
  sqlite::Options options;
  options.key = key;
  options.cache_kib = 512;
  XL_TRY_ASSIGN(sqlite::Database database, sqlite::Database::open(path, options));
  std::unique_ptr<Register> out(new Register(std::move(database)));
  XL_TRY(out->make_tables());
  return out;
}

Status Register::make_tables() {
  XL_TRY_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::begin(database_));
  std::int64_t format = 0;
  {
    XL_TRY_ASSIGN(sqlite::Statement stamp, database_.prepare("PRAGMA user_version"));
    XL_TRY_ASSIGN(const bool stamped, stamp.step());
    format = stamped ? stamp.integer(0) : 0;
  }
  if (format == issued_format) return {};
  if (format != 0) return make_error(ErrorCode::index_version_unsupported);
  XL_TRY(database_.execute(issued_tables));
  return transaction.commit();
}

Status Register::insert(const Issued& issued, std::int64_t pair) {
  XL_TRY_ASSIGN(sqlite::Statement add,
                database_.prepare("INSERT INTO issued(id, type, holder, pair, entry, issued_ms,"
                                  " until_ms) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"));
  const std::string id = issued.id.text();
  return add.run(std::string_view(id), std::string_view(issued.type),
                 std::string_view(issued.holder), pair, static_cast<std::int64_t>(issued.index),
                 static_cast<std::int64_t>(issued.issued_ms),
                 static_cast<std::int64_t>(issued.until_ms));
}

Result<Issued> Register::reserve(std::string_view type, std::string_view holder,
                                 std::uint64_t issued_ms, std::uint64_t until_ms) {
  const std::scoped_lock lock(mutex_);
  XL_TRY_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::begin(database_));
  Issued out{
      custody::random_id(), std::string(type), std::string(holder), {}, {}, 0, issued_ms, until_ms};
  std::int64_t pair = 0;
  std::uint32_t entries = 0;
  {
    XL_TRY_ASSIGN(sqlite::Statement open,
                  database_.prepare("SELECT pair, revocation, suspension, entries FROM lists"
                                    " WHERE 2 * taken < entries ORDER BY pair LIMIT 1"));
    XL_TRY_ASSIGN(const bool any, open.step());
    if (!any) return make_error(ErrorCode::status_list_full);
    pair = open.integer(0);
    XL_TRY_ASSIGN(out.revocation, model::id_from_text(open.text(1)));
    XL_TRY_ASSIGN(out.suspension, model::id_from_text(open.text(2)));
    entries = static_cast<std::uint32_t>(open.integer(3));
  }
  for (int draw = 0; draw < draws_max; ++draw) {
    out.index = random_below(entries);
    const Status added = insert(out, pair);
    if (!added.ok() && added.error().code == ErrorCode::database_constraint) continue;
    XL_TRY(added);
    {
      XL_TRY_ASSIGN(sqlite::Statement count,
                    database_.prepare("UPDATE lists SET taken = taken + 1 WHERE pair = ?1"));
      XL_TRY(count.run(pair));
    }
    XL_TRY(transaction.commit());
    return out;
  }
  return make_error(ErrorCode::status_list_full);
}

Status Register::add_lists(const model::Id& revocation, const model::Id& suspension,
                           std::uint32_t entries) {
  const std::scoped_lock lock(mutex_);
  XL_TRY_ASSIGN(sqlite::Statement add,
                database_.prepare("INSERT INTO lists(revocation, suspension, entries, taken)"
                                  " VALUES(?1, ?2, ?3, 0)"));
  const std::string first = revocation.text();
  const std::string second = suspension.text();
  return add.run(std::string_view(first), std::string_view(second),
                 static_cast<std::int64_t>(entries));
}

Result<Issued> Register::find(const model::Id& id) {
  const std::scoped_lock lock(mutex_);
  XL_TRY_ASSIGN(sqlite::Statement row,
                database_.prepare(std::string(issued_columns) + "WHERE i.id = ?1"));
  const std::string text = id.text();
  XL_TRY_ASSIGN(const bool found, row.start(std::string_view(text)));
  if (!found) return make_error(ErrorCode::credential_unknown);
  return issued_from(row);
}

Result<std::vector<Issued>> Register::page(std::uint64_t before_ms) {
  const std::scoped_lock lock(mutex_);
  XL_TRY_ASSIGN(
      sqlite::Statement rows,
      database_.prepare(std::string(issued_columns) + "WHERE ?1 = 0 OR i.issued_ms < ?1"
                                                      " ORDER BY i.issued_ms DESC, i.id LIMIT ?2"));
  std::vector<Issued> out;
  XL_TRY_ASSIGN(bool more, rows.start(static_cast<std::int64_t>(before_ms),
                                      static_cast<std::int64_t>(issued_page_max)));
  while (more) {
    XL_TRY_ASSIGN(Issued one, issued_from(rows));
    out.push_back(std::move(one));
    XL_TRY_ASSIGN(more, rows.step());
  }
  return out;
}

}  // namespace xl::gateway::credentials
