// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/sqlite/database.h"

/// For the sources of this folder only.
namespace xl::vault::detail {

/// A database with its compiled statements. Not thread-safe.
class Store {
 public:
  explicit Store(sqlite::Database database) : database_(std::move(database)) {}

  [[nodiscard]] sqlite::Database& database() { return database_; }

  /// The statement of `sql`, which is a constant of the program, compiled once and reset. One
  /// statement is used in one place at a time. Errors: those of a database.
  [[nodiscard]] Result<sqlite::Statement*> statement(std::string_view sql) {
    const auto found = statements_.find(sql);
    if (found != statements_.end()) {
      found->second.reset();
      return &found->second;
    }
    XL_TRY_ASSIGN(sqlite::Statement made, database_.prepare(sql));
    return &statements_.emplace(sql, std::move(made)).first->second;
  }

  /// Runs a statement that gives no row. Errors: those of a database.
  template <typename... Values>
  [[nodiscard]] Status run(std::string_view sql, const Values&... values) {
    XL_TRY_ASSIGN(sqlite::Statement * prepared, statement(sql));
    return prepared->run(values...);
  }

  /// The first integer of the first row, 0 without one. Errors: those of a database.
  template <typename... Values>
  [[nodiscard]] Result<std::int64_t> number(std::string_view sql, const Values&... values) {
    XL_TRY_ASSIGN(sqlite::Statement * prepared, statement(sql));
    XL_TRY_ASSIGN(const bool row, prepared->start(values...));
    const std::int64_t value = row ? prepared->integer(0) : 0;
    prepared->reset();
    return value;
  }

 private:
  sqlite::Database database_;
  std::map<std::string, sqlite::Statement, std::less<>> statements_;  // die before the database
};

/// SQLite's integers are signed; times and counters stay far below 2^63.
[[nodiscard]] inline std::int64_t as_signed(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}
[[nodiscard]] inline std::uint64_t as_unsigned(std::int64_t value) {
  return static_cast<std::uint64_t>(value);
}

/// Makes the tables of an empty database and stamps `version`, or checks the stamp.
/// Errors: vault_version_unsupported, those of a database.
[[nodiscard]] Status make_tables(sqlite::Database& database, std::string_view sql, int version);

}  // namespace xl::vault::detail
