// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

struct sqlite3_stmt;

/// SQLite 3.40 behind a thin interface; with a key, everything it writes is encrypted
/// (docs/adr/0003-encrypted-sqlite.md).
namespace xl::sqlite {

/// Length of an encryption key.
constexpr std::size_t key_bytes = 32;
/// Longest text or blob, and longest row: bounds what one statement can take of the memory.
constexpr std::size_t value_bytes_max = std::size_t{64} << 20;
/// Longest statement; ours are constants of a few hundred bytes.
constexpr std::size_t sql_bytes_max = std::size_t{64} << 10;
/// Most values bound to one statement.
constexpr int parameters_max = 256;
/// Compiled statements that a connection keeps for the next who want the same: compiling costs
/// more than running a small one. The code has fewer texts than that which come again.
constexpr std::size_t idle_statements_max = 64;

/// How a database is opened. The defaults are those of a store that must not lose anything.
struct Options {
  /// Empty: not encrypted. 32 bytes: every file is encrypted under keys derived from it, and every
  /// page is authenticated. One key belongs to one database; derive another for the next.
  ByteView key{};
  bool read_only = false;
  bool create_if_missing = true;
  /// Longest wait for another connection's lock.
  std::uint32_t busy_timeout_ms = 5000;
  /// Page cache of this connection.
  std::uint32_t cache_kib = 8192;
  /// False, for what can be made again: after a power cut the last commits may be missing, all of
  /// those behind the last `sync`. Nothing is ever half there.
  bool synced_commits = true;
  /// Pages that the log may grow to before they are moved into the database. More is faster where
  /// commits touch many pages, again and again the same.
  std::uint32_t log_pages = 1000;
};

class Statement;

/// One connection. Used by one thread at a time; further connections to the same file may read
/// while this one writes (write-ahead log). Statements must be destroyed before it.
class Database {
 public:
  /// Opens the database at `path` in WAL mode, each commit synced (synchronous=FULL), foreign keys
  /// on, schema not trusted, deleted content overwritten, nothing temporary on disk, no attached
  /// databases. A new file has mode 0600.
  /// Errors: database_missing, database_key_wrong (wrong key, no key for an encrypted file, a key
  /// for a plain one), database_corrupt, database_locked, database_full, database_failed,
  /// file_unwritable. Precondition: the key is empty or 32 bytes.
  [[nodiscard]] static Result<Database> open(const std::filesystem::path& path,
                                             const Options& options = {});
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  /// Runs statements without parameters whose rows nobody needs; a single one without a semicolon
  /// is kept compiled, as by `prepare`. Errors: as `Statement::step`.
  [[nodiscard]] Status execute(std::string_view sql);

  /// One statement with `?1 ?2 …` for values, compiled unless one of the same text has done its
  /// work. Errors: database_failed (SQLite's words).
  [[nodiscard]] Result<Statement> prepare(std::string_view sql);

  /// Makes every commit durable that there is; for `synced_commits` off. Errors: database_failed.
  [[nodiscard]] Status sync();

  /// Lets statements of this connection ask `name(integer, …)` with `count` integers; 1 or 0 is the
  /// answer. It is called while a statement steps and must not use the connection. Errors:
  /// database_failed.
  using IntegerTest = bool (*)(std::span<const std::int64_t> values);
  [[nodiscard]] Status add_test(const std::string& name, int count, IntegerTest test);

  /// Moves the log into the database and empties it, so that deleted content is in neither.
  /// Errors: database_locked (a reader still needs the log), as `Statement::step`.
  [[nodiscard]] Status checkpoint();

  /// Copies the database as of one moment into the new file `to`, encrypted under `key` (its own)
  /// where it is not empty, checks the copy and leaves no log beside it. Other connections go on
  /// reading and writing. Errors: file_unwritable (`to` exists), those of `open` and
  /// `check_integrity`. Cost: reads the whole file twice and writes it once.
  [[nodiscard]] Status copy_to(const std::filesystem::path& to, ByteView key);

  /// SQLite's own `integrity_check` over the whole file. Errors: database_corrupt with the first
  /// finding, as `Statement::step`. Cost: reads everything.
  [[nodiscard]] Status check_integrity();

  /// Rows changed by the last statement of this connection.
  [[nodiscard]] std::int64_t changes() const;
  /// Row id of the last insert of this connection.
  [[nodiscard]] std::int64_t last_insert_id() const;

 private:
  friend class Transaction;
  struct Impl;
  explicit Database(std::unique_ptr<Impl> impl);
  /// Rolls an open transaction back; nothing happens without one.
  void rollback();
  std::unique_ptr<Impl> impl_;
};

/// One compiled statement. Not thread-safe.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  /// Binds parameter `position` (from 1). Texts and blobs are copied. Errors:
  /// database_value_too_large. Precondition: the statement has the parameter and is reset.
  [[nodiscard]] Status bind(int position, std::int64_t value);
  [[nodiscard]] Status bind(int position, std::string_view value);
  [[nodiscard]] Status bind(int position, ByteView value);
  [[nodiscard]] Status bind(int position, std::nullptr_t value);

  /// True when there is a row, false when the statement is done.
  /// Errors: database_constraint, database_locked, database_full, database_corrupt,
  /// database_value_too_large, database_failed.
  [[nodiscard]] Result<bool> step();

  /// Makes the statement ready to bind and step again; bindings are dropped.
  void reset();

  /// Resets, binds `values` from position 1 and takes the first step.
  template <typename... Values>
  [[nodiscard]] Result<bool> start(const Values&... values) {
    reset();
    int position = 0;
    Status bound;
    (void)((bound = bind(++position, values), bound.ok()) && ...);
    if (!bound.ok()) return bound.error();
    return step();
  }

  /// `start` for a statement that gives no row; reset afterwards. Errors: as `step`.
  template <typename... Values>
  [[nodiscard]] Status run(const Values&... values) {
    const Result<bool> done = start(values...);
    reset();
    if (!done.ok()) return done.error();
    return {};
  }

  /// Column `index` (from 0) of the current row. Views live until the next step or reset; a value
  /// of another type is converted as SQLite does, null is 0 or empty.
  [[nodiscard]] std::int64_t integer(int index) const;
  [[nodiscard]] std::string_view text(int index) const;
  [[nodiscard]] ByteView blob(int index) const;
  [[nodiscard]] bool is_null(int index) const;
  [[nodiscard]] bool is_integer(int index) const;
  [[nodiscard]] bool is_text(int index) const;

 private:
  friend class Database;
  Statement(sqlite3_stmt* handle, std::deque<sqlite3_stmt*>& idle)
      : handle_(handle), idle_(&idle) {}
  sqlite3_stmt* handle_ = nullptr;
  std::deque<sqlite3_stmt*>* idle_;  // of its connection, which outlives it
};

/// A write transaction: takes the write lock at once (BEGIN IMMEDIATE), rolls back when destroyed
/// without a commit. The database must outlive it. Not thread-safe.
class Transaction {
 public:
  /// Errors: database_locked (another connection writes), as `Statement::step`.
  [[nodiscard]] static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  /// Durable when it returns success, unless `synced_commits` is off; after an error nothing of the
  /// transaction is kept.
  /// Errors: as `Statement::step`. Precondition: not committed before.
  [[nodiscard]] Status commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;  // null once committed or moved from
};

}  // namespace xl::sqlite
