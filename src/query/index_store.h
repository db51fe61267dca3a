// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/sqlite/database.h"
#include "crypto/secret.h"
#include "query/index_cursor.h"
#include "query/record_index.h"

/// For the sources of the record index only.
namespace xl::query::detail {

/// Columns of `entries e` as `entry_at` reads them; the row number stands behind.
constexpr std::string_view entry_columns =
    "e.record, e.type, e.id, e.version, e.patient, e.updated, e.deleted, e.vault_version, e.row";
constexpr int entry_row_column = 8;

/// `entries.superseded` of a current version: later than every row.
constexpr std::int64_t never_superseded = INT64_MAX;

/// SQLite's integers are signed; times, versions and rows stay below 2^63.
[[nodiscard]] inline std::int64_t as_signed(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

/// The entry that a statement stands on. Errors: database_corrupt.
[[nodiscard]] Result<RecordEntry> entry_at(const sqlite::Statement& row);

/// A piece of SQL with its values, which are numbered as they are added.
struct Clause {
  using Value = std::variant<std::int64_t, std::string, Bytes>;
  std::string sql;
  std::vector<Value> values;

  /// Keeps a value; the text that stands for it, such as `?3`.
  [[nodiscard]] std::string bind(Value value) {
    values.push_back(std::move(value));
    return "?" + std::to_string(values.size());
  }
};

/// Compiles `sql` with the values bound. Errors: those of a database.
[[nodiscard]] Result<sqlite::Statement> prepare_bound(sqlite::Database& database,
                                                      const std::string& sql,
                                                      const std::vector<Clause::Value>& values);

/// Adds ` AND …` for every criterion of `query` to a clause over `entries e`. Errors:
/// search_parameter_unknown, search_value_invalid, search_too_complex.
[[nodiscard]] Status add_criteria(const Query& query, Clause& out);

}  // namespace xl::query::detail

namespace xl::query {

/// What the index's sources share.
struct RecordIndex::Impl {
  Impl(sqlite::Database opened, crypto::SecretBytes key)
      : database(std::move(opened)), cursor_key(std::move(key)) {}

  std::mutex mutex;  // guards the connection
  sqlite::Database database;
  const crypto::SecretBytes cursor_key;

  /// One listing: which versions, in which order, whom for.
  struct Listing {
    detail::Clause scope;  ///< of `entries e`, without permission, matching and snapshot
    bool current_only = false;
    std::string_view order;        ///< behind ORDER BY
    std::string_view behind;       ///< condition for what follows entry `a` in that order
    const Query* query = nullptr;  ///< criteria, for a search
    const Allowed& allowed;
    std::size_t count = 0;
    std::string_view cursor;
    Hash digest{};  ///< of everything that the cursor is bound to
  };
  [[nodiscard]] Result<IndexPage> page(const Listing& listing);
  [[nodiscard]] Result<detail::Generation> generation();
  [[nodiscard]] Result<detail::Cursor> start_of(const Listing& listing);
  [[nodiscard]] static bool restricted(const Listing& listing) {
    return listing.allowed.patients || listing.allowed.record;
  }
  [[nodiscard]] static std::vector<detail::Clause> scopes_of(const detail::Clause& scope,
                                                             const Allowed& allowed);
  [[nodiscard]] Result<std::vector<std::int64_t>> rows_of(
      const std::vector<detail::Clause>& scopes);
  [[nodiscard]] Result<std::vector<std::int64_t>> permitted(std::vector<std::int64_t> rows,
                                                            const Allowed& allowed);
  [[nodiscard]] Status keep_permitted(const std::vector<std::int64_t>& rows);
  [[nodiscard]] Result<IndexPage> matching(const Listing& listing, const detail::Cursor& start,
                                           detail::Clause clause,
                                           const std::vector<std::int64_t>& rows_permitted);
  [[nodiscard]] Result<RecordEntry> one(std::string_view where, std::string_view type,
                                        std::string_view id, std::uint64_t version);
  [[nodiscard]] Status renew_generation();
};

}  // namespace xl::query
