// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "base/sqlite/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <utility>

#include "base/check.h"
#include "base/file.h"
#include "base/sqlite/encrypted_vfs.h"
#include "base/sqlite/page_cipher.h"

namespace xl::sqlite {

struct Database::Impl {
  std::unique_ptr<detail::EncryptedVfs> vfs;  // outlives the connection
  sqlite3* handle = nullptr;
  std::deque<sqlite3_stmt*> idle;  // reset and without values, what was used last in front

  ~Impl() {
    for (sqlite3_stmt* const statement : idle) sqlite3_finalize(statement);
    // Anything else means that a statement is still alive, which is our own bug.
    XL_CHECK(sqlite3_close(handle) == SQLITE_OK);
  }
};

namespace {

ErrorCode code_of(int extended) {
  if (extended == SQLITE_IOERR_DATA || extended == SQLITE_IOERR_CORRUPTFS) {
    return ErrorCode::database_corrupt;
  }
  switch (extended & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorCode::database_corrupt;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ErrorCode::database_locked;
    case SQLITE_FULL:
      return ErrorCode::database_full;
    case SQLITE_CONSTRAINT:
      return ErrorCode::database_constraint;
    case SQLITE_TOOBIG:
      return ErrorCode::database_value_too_large;
    default:
      return ErrorCode::database_failed;
  }
}

/// SQLite's sentences name tables and columns, never values.
Error error_of(sqlite3* handle, int code) {
  const int extended = handle != nullptr ? sqlite3_extended_errcode(handle) : code;
  const char* const text = handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
  return make_error(code_of(extended), std::string(text) + " (" + std::to_string(extended) + ")");
}

/// Creates an empty file that only this user may read; SQLite gives its log the same mode.
Status create_private_file(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0 && errno == EEXIST) return {};
  if (file < 0) {
    return make_error(ErrorCode::file_unwritable, path.string() + ": " + std::strerror(errno));
  }
  ::close(file);
  const auto parent = path.parent_path();
  return sync_directory(parent.empty() ? std::filesystem::path(".") : parent);
}

void set_bounds(sqlite3* handle) {
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, static_cast<int>(value_bytes_max));
  sqlite3_limit(handle, SQLITE_LIMIT_SQL_LENGTH, static_cast<int>(sql_bytes_max));
  sqlite3_limit(handle, SQLITE_LIMIT_VARIABLE_NUMBER, parameters_max);
  // An attached file would be encrypted under the same key, place for place.
  sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
}

std::string settings(const Options& options) {
  std::string sql;
  if (!options.read_only) {
    sql +=
        "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=" + std::to_string(options.log_pages) +
        ";";
  }
  sql += options.synced_commits ? "PRAGMA synchronous=FULL;" : "PRAGMA synchronous=NORMAL;";
  sql +=
      "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;"
      "PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY; PRAGMA secure_delete=ON;"
      "PRAGMA mmap_size=0; PRAGMA cache_size=-" +
      std::to_string(options.cache_kib) + ";";
  return sql;
}

/// Integers that one test takes.
constexpr std::size_t test_values_max = 8;

bool has_statement(sqlite3_stmt* handle) { return handle != nullptr; }

}  // namespace

Result<Database> Database::open(const std::filesystem::path& path, const Options& options) {
  XL_CHECK(options.key.empty() || options.key.size() == key_bytes);
  std::error_code ignored;
  const bool exists = std::filesystem::exists(path, ignored);
  if (!exists && (options.read_only || !options.create_if_missing)) {
    return make_error(ErrorCode::database_missing, path.string());
  }
  if (!exists) XL_TRY(create_private_file(path));
  auto impl = std::make_unique<Impl>();
  if (!options.key.empty()) impl->vfs = std::make_unique<detail::EncryptedVfs>(options.key);
  const char* const vfs = impl->vfs ? impl->vfs->name().c_str() : nullptr;
  const int flags = (options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
                    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE;
  const auto refusal = [&](const Error& error) {
    const bool encrypted_or_not =
        impl->vfs ? impl->vfs->key_refused() : (sqlite3_errcode(impl->handle) == SQLITE_NOTADB);
    return encrypted_or_not ? make_error(ErrorCode::database_key_wrong, path.string()) : error;
  };
  const std::string absolute = std::filesystem::absolute(path).string();
  const int code = sqlite3_open_v2(absolute.c_str(), &impl->handle, flags, vfs);
  if (code != SQLITE_OK) return refusal(error_of(impl->handle, code));
  set_bounds(impl->handle);
  sqlite3_busy_timeout(impl->handle, static_cast<int>(options.busy_timeout_ms));
  Database database(std::move(impl));
  sqlite3* const handle = database.impl_->handle;
  const auto configure = [&](const std::string& sql) -> Status {
    const int done = sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr);
    if (done != SQLITE_OK) return error_of(handle, done);
    return {};
  };
  Status status = configure("PRAGMA page_size=" + std::to_string(detail::page_bytes));
  if (status.ok() && !options.key.empty()) {
    int reserved = static_cast<int>(detail::page_tag_bytes);  // counts for a new file only
    sqlite3_file_control(handle, nullptr, SQLITE_FCNTL_RESERVE_BYTES, &reserved);
  }
  if (status.ok()) status = configure(settings(options));
  if (status.ok()) status = configure("SELECT count(*) FROM sqlite_schema");
  if (status.ok()) return database;
  impl = std::move(database.impl_);
  return refusal(status.error());
}

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

Status Database::execute(std::string_view sql) {
  if (sql.find(';') == std::string_view::npos) {
    XL_TRY_ASSIGN(Statement one, prepare(sql));
    for (;;) {
      XL_TRY_ASSIGN(const bool row, one.step());
      if (!row) return {};
    }
  }
  const std::string text(sql);
  const int code = sqlite3_exec(impl_->handle, text.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return error_of(impl_->handle, code);
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  auto& idle = impl_->idle;
  const auto same = std::find_if(idle.begin(), idle.end(), [sql](sqlite3_stmt* statement) {
    return sql == sqlite3_sql(statement);
  });
  if (same != idle.end()) {
    sqlite3_stmt* const found = *same;
    idle.erase(same);
    return Statement(found, idle);
  }
  sqlite3_stmt* handle = nullptr;
  const int code = sqlite3_prepare_v3(impl_->handle, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
  if (code != SQLITE_OK) return error_of(impl_->handle, code);
  XL_CHECK(has_statement(handle));  // an empty text is our own bug
  return Statement(handle, idle);
}

Status Database::sync() {
  sqlite3_file* log = nullptr;
  const int found = sqlite3_file_control(impl_->handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
  if (found != SQLITE_OK) return error_of(impl_->handle, found);
  // No log yet: nothing was written.
  if (log == nullptr || log->pMethods == nullptr) return {};
  const int code = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
  if (code != SQLITE_OK) return error_of(nullptr, code);
  return {};
}

Status Database::add_test(const std::string& name, int count, IntegerTest test) {
  const auto call = [](sqlite3_context* context, int given, sqlite3_value** values) {
    std::array<std::int64_t, test_values_max> integers{};
    const auto asked = *static_cast<const IntegerTest*>(sqlite3_user_data(context));
    for (int i = 0; i < given; ++i)
      integers[static_cast<std::size_t>(i)] = sqlite3_value_int64(values[i]);
    sqlite3_result_int(context,
                       asked(std::span(integers).first(static_cast<std::size_t>(given))) ? 1 : 0);
  };
  XL_CHECK(count > 0 && static_cast<std::size_t>(count) <= test_values_max);
  auto kept = std::make_unique<IntegerTest>(test);
  // From here on SQLite owns it, also when it refuses.
  const int code = sqlite3_create_function_v2(
      impl_->handle, name.c_str(), count, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY,
      kept.release(), call, nullptr, nullptr,
      [](void* owned) { delete static_cast<IntegerTest*>(owned); });
  if (code != SQLITE_OK) return error_of(impl_->handle, code);
  return {};
}

Status Database::checkpoint() {
  const int code = sqlite3_wal_checkpoint_v2(impl_->handle, nullptr, SQLITE_CHECKPOINT_TRUNCATE,
                                             nullptr, nullptr);
  if (code != SQLITE_OK) return error_of(impl_->handle, code);
  return {};
}

Status Database::copy_to(const std::filesystem::path& to, ByteView key) {
  std::error_code failure;
  if (std::filesystem::exists(to, failure)) {
    return make_error(ErrorCode::file_unwritable, to.string() + " exists");
  }
  Options options;
  options.key = key;
  XL_TRY_ASSIGN(Database copy, open(to, options));
  sqlite3_backup* backup = sqlite3_backup_init(copy.impl_->handle, "main", impl_->handle, "main");
  if (backup == nullptr) {
    return error_of(copy.impl_->handle, sqlite3_errcode(copy.impl_->handle));
  }
  const int code = sqlite3_backup_step(backup, -1);  // all pages in one read transaction
  const int finished = sqlite3_backup_finish(backup);
  if (code != SQLITE_DONE) return error_of(copy.impl_->handle, finished);
  XL_TRY(copy.checkpoint());
  return copy.check_integrity();
}

Status Database::check_integrity() {
  XL_TRY_ASSIGN(Statement statement, prepare("PRAGMA integrity_check(1)"));
  XL_TRY_ASSIGN(const bool row, statement.step());
  if (row && statement.text(0) == "ok") return {};
  return make_error(ErrorCode::database_corrupt, statement.text(0));
}

std::int64_t Database::changes() const { return sqlite3_changes64(impl_->handle); }
std::int64_t Database::last_insert_id() const { return sqlite3_last_insert_rowid(impl_->handle); }

void Database::rollback() {
  // After some errors SQLite has rolled back by itself.
  if (sqlite3_get_autocommit(impl_->handle) != 0) return;
  const int code = sqlite3_exec(impl_->handle, "ROLLBACK", nullptr, nullptr, nullptr);
  XL_CHECK(code == SQLITE_OK || sqlite3_get_autocommit(impl_->handle) != 0);
}

Statement::Statement(Statement&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)), idle_(other.idle_) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(handle_, other.handle_);
  std::swap(idle_, other.idle_);
  return *this;
}

Statement::~Statement() {
  if (handle_ == nullptr) return;
  reset();
  idle_->push_front(handle_);
  if (idle_->size() <= idle_statements_max) return;
  sqlite3_finalize(idle_->back());
  idle_->pop_back();
}

namespace {

Status bound(sqlite3_stmt* handle, int code) {
  // The position and the state of the statement are ours to get right; sizes are not.
  XL_CHECK(code != SQLITE_RANGE && code != SQLITE_MISUSE);
  if (code != SQLITE_OK) return error_of(sqlite3_db_handle(handle), code);
  return {};
}

}  // namespace

Status Statement::bind(int position, std::int64_t value) {
  return bound(handle_, sqlite3_bind_int64(handle_, position, value));
}

Status Statement::bind(int position, std::string_view value) {
  return bound(handle_, sqlite3_bind_text64(handle_, position, value.data(), value.size(),
                                            SQLITE_TRANSIENT, SQLITE_UTF8));
}

Status Statement::bind(int position, ByteView value) {
  // An empty view may be null, which would bind NULL instead of an empty blob.
  if (value.empty()) return bound(handle_, sqlite3_bind_zeroblob(handle_, position, 0));
  return bound(handle_, sqlite3_bind_blob64(handle_, position, value.data(), value.size(),
                                            SQLITE_TRANSIENT));
}

Status Statement::bind(int position, std::nullptr_t) {
  return bound(handle_, sqlite3_bind_null(handle_, position));
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return error_of(sqlite3_db_handle(handle_), code);
}

void Statement::reset() {
  sqlite3_reset(handle_);  // repeats the error of the last step, which was already told
  sqlite3_clear_bindings(handle_);
}

std::int64_t Statement::integer(int index) const { return sqlite3_column_int64(handle_, index); }

std::string_view Statement::text(int index) const {
  const auto* const data = sqlite3_column_text(handle_, index);
  if (data == nullptr) return {};
  return {reinterpret_cast<const char*>(data),
          static_cast<std::size_t>(sqlite3_column_bytes(handle_, index))};
}

ByteView Statement::blob(int index) const {
  const void* const data = sqlite3_column_blob(handle_, index);
  if (data == nullptr) return {};
  return {static_cast<const std::uint8_t*>(data),
          static_cast<std::size_t>(sqlite3_column_bytes(handle_, index))};
}

bool Statement::is_null(int index) const {
  return sqlite3_column_type(handle_, index) == SQLITE_NULL;
}

bool Statement::is_integer(int index) const {
  return sqlite3_column_type(handle_, index) == SQLITE_INTEGER;
}

bool Statement::is_text(int index) const {
  return sqlite3_column_type(handle_, index) == SQLITE_TEXT;
}

Result<Transaction> Transaction::begin(Database& database) {
  XL_TRY(database.execute("BEGIN IMMEDIATE"));
  return Transaction(database);
}

Transaction::Transaction(Transaction&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
  if (database_ != nullptr) database_->rollback();
}

Status Transaction::commit() {
  XL_CHECK(database_ != nullptr);
  const Status status = database_->execute("COMMIT");
  // A commit that failed may leave the transaction open: the destructor rolls it back.
  if (status.ok()) database_ = nullptr;
  return status;
}

}  // namespace xl::sqlite
