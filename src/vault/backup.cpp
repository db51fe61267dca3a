// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Backups of the keyring (formats-vault.md §7): the rows of its tables, sealed in chunks under a
// key that is destroyed after 35 days. The rows hold wraps only, so that a backup opens nothing
// without the root, whose key file is inside.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/file.h"
#include "crypto/aead.h"
#include "crypto/keyfile.h"
#include "crypto/random.h"
#include "crypto/suite.h"
#include "model/limits.h"
#include "model/tags.h"
#include "vault/codec.h"
#include "vault/keyring_store.h"

namespace xl::vault {
namespace {

constexpr std::string_view backup_magic = "XINGLINB";
constexpr std::uint8_t backup_version = 1;
constexpr std::size_t backup_header_bytes = 8 + 1 + 1 + 16 + 16 + 8 + 8;
/// A chunk is closed once it holds this much.
constexpr std::size_t chunk_bytes_target = std::size_t{1} << 20;
/// One row is far below this; a longer chunk is no backup of ours.
constexpr std::size_t chunk_bytes_max = 2 * chunk_bytes_target;
constexpr std::size_t row_columns_max = 8;

/// What a row of a backup belongs to. On-disk numbers: never renumber.
struct Table {
  std::uint8_t number;
  std::string_view select;
  std::string_view insert;
  int columns;
};
constexpr std::uint8_t root_row = 0;
constexpr Table backup_tables[] = {
    {1, "SELECT name, value FROM meta", "INSERT INTO meta VALUES(?1, ?2)", 2},
    {2, "SELECT purpose, wrap FROM organisation_keys",
     "INSERT INTO organisation_keys VALUES(?1, ?2)", 2},
    {3, "SELECT patient, wrap, agreement, erasure FROM patients",
     "INSERT INTO patients VALUES(?1, ?2, ?3, ?4)", 4},
    {4, "SELECT record, version, patient, body, commitment, wrap, patient_wrap FROM data_keys",
     "INSERT INTO data_keys VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)", 7},
    {5, "SELECT id, record, version, grantee, given_ms FROM disclosures",
     "INSERT INTO disclosures VALUES(?1, ?2, ?3, ?4, ?5)", 5},
    {6, "SELECT id, patient, record, version, erased_ms, versions FROM erasures",
     "INSERT INTO erasures VALUES(?1, ?2, ?3, ?4, ?5, ?6)", 6},
    {7, "SELECT record, version, erasure, body FROM erased",
     "INSERT INTO erased VALUES(?1, ?2, ?3, ?4)", 4},
    {8, "SELECT id, expires_ms, destroyed_ms FROM backup_keys",
     "INSERT INTO backup_keys VALUES(?1, ?2, ?3)", 3},
    {9, "SELECT erasure, backup FROM erasure_backups", "INSERT INTO erasure_backups VALUES(?1, ?2)",
     2},
};

/// Type of a value in a row. On-disk numbers.
enum class ValueType : std::uint8_t { null = 0, integer = 1, blob = 2, text = 3 };

std::filesystem::path backup_key_path(const Places& places, const model::Id& id) {
  return places.backup_keys / (id.text() + ".key");
}

Bytes chunk_bound_to(ByteView header, std::uint64_t number, bool last) {
  const std::uint8_t end = last ? 1 : 0;
  return detail::bound_to(model::tags::keyring_backup,
                          {header, detail::be64(number), ByteView(&end, 1)});
}

/// Writes a file of chunks beside its place and moves it there once it is durable.
class BackupWriter {
 public:
  BackupWriter(std::filesystem::path path, Bytes header, crypto::SecretBytes key)
      : path_(std::move(path)),
        temporary_(path_.string() + ".partial"),
        header_(std::move(header)),
        key_(std::move(key)) {}
  ~BackupWriter() {
    if (file_ < 0) return;
    ::close(file_);
    ::unlink(temporary_.c_str());
  }
  BackupWriter(const BackupWriter&) = delete;
  BackupWriter& operator=(const BackupWriter&) = delete;

  [[nodiscard]] Status begin() {
    file_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file_ < 0) return failed();
    return write(header_);
  }
  [[nodiscard]] Status add(ByteView row) {
    append(chunk_, row);
    return chunk_.size() < chunk_bytes_target ? Status{} : flush(false);
  }
  [[nodiscard]] Status finish() {
    XL_TRY(flush(true));
    if (::fsync(file_) != 0) return failed();
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) return failed();
    ::close(file_);
    file_ = -1;
    const auto parent = path_.parent_path();
    return sync_directory(parent.empty() ? std::filesystem::path(".") : parent);
  }

 private:
  [[nodiscard]] Error failed() const {
    return make_error(ErrorCode::file_unwritable, path_.string() + ": " + std::strerror(errno));
  }
  [[nodiscard]] Status flush(bool last) {
    const Bytes sealed =
        crypto::aead::seal(key_.view(), chunk_, chunk_bound_to(header_, number_, last));
    ++number_;
    chunk_.clear();
    return write(Encoder().sized(sealed).bytes());
  }
  [[nodiscard]] Status write(ByteView bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(file_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return failed();
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return {};
  }

  std::filesystem::path path_;
  std::string temporary_;
  Bytes header_;
  crypto::SecretBytes key_;
  int file_ = -1;
  std::uint64_t number_ = 0;
  Bytes chunk_;
};

Bytes encode_row(const Table& table, const sqlite::Statement& row) {
  Encoder out;
  out.u8(table.number);
  for (int column = 0; column < table.columns; ++column) {
    if (row.is_null(column)) {
      out.u8(static_cast<std::uint8_t>(ValueType::null));
    } else if (row.is_integer(column)) {
      out.u8(static_cast<std::uint8_t>(ValueType::integer))
          .u64(detail::as_unsigned(row.integer(column)));
    } else if (row.is_text(column)) {
      out.u8(static_cast<std::uint8_t>(ValueType::text)).sized(view_of(row.text(column)));
    } else {
      out.u8(static_cast<std::uint8_t>(ValueType::blob)).sized(row.blob(column));
    }
  }
  return out.take();
}

/// Copies one snapshot of all tables.
Status write_rows(sqlite::Database& database, BackupWriter& writer) {
  XL_TRY(database.execute("BEGIN"));
  for (const Table& table : backup_tables) {
    XL_TRY_ASSIGN(sqlite::Statement select, database.prepare(table.select));
    Result<bool> row = select.step();
    for (; row.ok() && *row; row = select.step()) XL_TRY(writer.add(encode_row(table, select)));
    if (!row.ok()) return row.error();
  }
  return database.execute("COMMIT");
}

Error malformed(std::string_view what) { return make_error(ErrorCode::backup_malformed, what); }

/// One row of a backup into the database, or the root's file into `root_file`.
Status restore_row(Decoder& in, detail::Store& store, Bytes& root_file) {
  const std::uint8_t number = in.u8();
  if (number == root_row) {
    root_file = copy_of(in.sized(crypto::keyfile::file_bytes));
    return {};
  }
  const auto* const table =
      std::find_if(std::begin(backup_tables), std::end(backup_tables),
                   [&](const Table& candidate) { return candidate.number == number; });
  if (table == std::end(backup_tables)) return malformed("an unknown table");
  XL_TRY_ASSIGN(sqlite::Statement * insert, store.statement(table->insert));
  for (int column = 1; column <= table->columns; ++column) {
    switch (static_cast<ValueType>(in.u8())) {
      case ValueType::null:
        XL_TRY(insert->bind(column, nullptr));
        break;
      case ValueType::integer:
        XL_TRY(insert->bind(column, detail::as_signed(in.u64())));
        break;
      case ValueType::blob:
        XL_TRY(insert->bind(column, in.sized(chunk_bytes_max)));
        break;
      case ValueType::text:
        XL_TRY(insert->bind(column, text_of(in.sized(chunk_bytes_max))));
        break;
      default:
        return malformed("an unknown type");
    }
  }
  if (in.failed()) return malformed("a row is cut");
  XL_TRY(insert->step());
  insert->reset();
  return {};
}

/// Reads the chunks of a backup in order. Errors: backup_malformed, file_unreadable.
class BackupReader {
 public:
  explicit BackupReader(const std::filesystem::path& path)
      : file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~BackupReader() {
    if (file_ >= 0) ::close(file_);
  }
  BackupReader(const BackupReader&) = delete;
  BackupReader& operator=(const BackupReader&) = delete;

  [[nodiscard]] Result<Keyring::BackupHeader> open() {
    if (file_ < 0) {
      return make_error(errno == ENOENT ? ErrorCode::file_missing : ErrorCode::file_unreadable,
                        std::strerror(errno));
    }
    XL_TRY_ASSIGN(header_, read(backup_header_bytes));
    Decoder in(header_);
    if (text_of(in.fixed(backup_magic.size())) != backup_magic || in.u8() != backup_version ||
        in.u8() != static_cast<std::uint8_t>(crypto::Suite::international)) {
      return malformed("it does not begin like a backup");
    }
    Keyring::BackupHeader out;
    XL_TRY_ASSIGN(out.organisation, model::id_from_bytes(in.fixed(limits::id_bytes)));
    XL_TRY_ASSIGN(out.id, model::id_from_bytes(in.fixed(limits::id_bytes)));
    out.created_ms = in.u64();
    out.expires_ms = in.u64();
    return out;
  }
  /// The next chunk; false behind the last one.
  [[nodiscard]] Result<bool> next(ByteView key, Bytes& chunk) {
    if (ended_) return false;
    XL_TRY_ASSIGN(const Bytes length, read(4));
    const auto size = read_be<std::uint32_t>(length);
    if (size > chunk_bytes_max + crypto::aead::overhead_bytes) return malformed("a long chunk");
    XL_TRY_ASSIGN(const Bytes sealed, read(size));
    auto opened = crypto::aead::open(key, sealed, chunk_bound_to(header_, number_, false));
    if (!opened.ok()) {
      opened = crypto::aead::open(key, sealed, chunk_bound_to(header_, number_, true));
      if (!opened.ok()) return malformed("chunk " + std::to_string(number_));
      ended_ = true;
    }
    ++number_;
    chunk = std::move(*opened);
    return true;
  }
  /// True when the last chunk was read and nothing follows it.
  [[nodiscard]] bool complete() {
    std::uint8_t byte = 0;
    return ended_ && ::read(file_, &byte, 1) == 0;
  }

 private:
  [[nodiscard]] Result<Bytes> read(std::size_t size) {
    Bytes out(size);
    std::size_t have = 0;
    while (have < size) {
      const ssize_t got = ::read(file_, out.data() + have, size - have);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return malformed("it is cut");
      have += static_cast<std::size_t>(got);
    }
    return out;
  }

  int file_;
  Bytes header_;
  std::uint64_t number_ = 0;
  bool ended_ = false;
};

/// Overwrites and removes a key file; one that is gone is gone.
Status destroy_key_file(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (file < 0 && errno == ENOENT) return {};
  std::array<std::uint8_t, crypto::keyfile::file_bytes> noise{};
  crypto::random_bytes(noise);
  const bool overwritten =
      file >= 0 &&
      ::pwrite(file, noise.data(), noise.size(), 0) == static_cast<ssize_t>(noise.size()) &&
      ::fsync(file) == 0;
  if (file >= 0) ::close(file);
  if (!overwritten || ::unlink(path.c_str()) != 0) {
    return make_error(ErrorCode::file_unwritable, path.string() + ": " + std::strerror(errno));
  }
  return sync_directory(path.parent_path());
}

}  // namespace

Result<Keyring::Backup> Keyring::backup(const std::filesystem::path& file, const Unlock& unlock,
                                        std::uint64_t now_ms) {
  Backup out;
  crypto::random_bytes(out.id.bytes);
  out.expires_ms = now_ms + limits::backup_key_life_ms;
  crypto::SecretBytes key = crypto::SecretBytes::random(32);
  XL_TRY_ASSIGN(const Bytes key_file, detail::seal_secret(key.view(), unlock));
  Bytes root_file;
  crypto::SecretBytes database_key;
  {
    const std::lock_guard guard(impl_->mutex);
    XL_TRY_ASSIGN(
        const std::int64_t alive,
        impl_->store.number("SELECT count(*) FROM backup_keys WHERE destroyed_ms IS NULL"));
    if (alive >= std::int64_t{limits::backup_keys_max}) {
      return make_error(ErrorCode::backup_keys_full);
    }
    // Known before anything is written: an erasure from now on waits for this key.
    XL_TRY(impl_->store.run("INSERT INTO backup_keys VALUES(?1, ?2, NULL)", out.id.view(),
                            detail::as_signed(out.expires_ms)));
    XL_TRY_ASSIGN(root_file,
                  read_file(detail::root_path(impl_->places.keyring, impl_->root.generation),
                            std::uint64_t{4096}));
    database_key = crypto::SecretBytes::copy_of(impl_->root.database_key.view());
  }
  XL_TRY(make_private_directory(impl_->places.backup_keys));
  XL_TRY(write_file_durably(backup_key_path(impl_->places, out.id), key_file, 0600));
  Encoder header;
  header.fixed(view_of(backup_magic))
      .u8(backup_version)
      .u8(static_cast<std::uint8_t>(crypto::Suite::international))
      .fixed(impl_->organisation.view())
      .fixed(out.id.view())
      .u64(now_ms)
      .u64(out.expires_ms);
  BackupWriter writer(file, header.take(), std::move(key));
  XL_TRY(writer.begin());
  XL_TRY(writer.add(Encoder()
                        .u8(root_row)
                        .sized(ByteView(root_file).first(crypto::keyfile::file_bytes))
                        .bytes()));
  {
    // A connection of its own: one snapshot, while others go on writing.
    XL_TRY_ASSIGN(sqlite::Database reader,
                  sqlite::Database::open(impl_->places.keyring / "keyring.db",
                                         {.key = database_key.view(), .read_only = true}));
    XL_TRY(write_rows(reader, writer));
  }
  XL_TRY(writer.finish());
  const std::lock_guard guard(impl_->mutex);
  XL_TRY(impl_->empty_log());
  return out;
}

Result<Keyring::BackupHeader> Keyring::inspect_backup(const std::filesystem::path& file) {
  return BackupReader(file).open();
}

Result<std::uint32_t> Keyring::destroy_expired_backup_keys(std::uint64_t now_ms) {
  const std::lock_guard guard(impl_->mutex);
  detail::Store& store = impl_->store;
  std::vector<model::Id> expired;
  {
    XL_TRY_ASSIGN(sqlite::Statement * select,
                  store.statement("SELECT id FROM backup_keys WHERE destroyed_ms IS NULL"
                                  " AND expires_ms <= ?1"));
    Result<bool> row = select->start(detail::as_signed(now_ms));
    for (; row.ok() && *row; row = select->step()) {
      XL_TRY_ASSIGN(const model::Id id, id_column(*select, 0));
      expired.push_back(id);
    }
    select->reset();
    if (!row.ok()) return row.error();
  }
  for (const model::Id& id : expired) {
    // The file first: a certificate must never be final while its key can be read.
    XL_TRY(destroy_key_file(backup_key_path(impl_->places, id)));
    XL_TRY(store.run("UPDATE backup_keys SET destroyed_ms = ?2 WHERE id = ?1", id.view(),
                     detail::as_signed(now_ms)));
  }
  return static_cast<std::uint32_t>(expired.size());
}

Result<std::unique_ptr<Keyring>> Keyring::restore(const Places& places,
                                                  const model::Id& organisation,
                                                  const std::filesystem::path& backup,
                                                  const std::filesystem::path& backup_key,
                                                  const Unlock& unlock) {
  XL_TRY_ASSIGN(const Bytes key_file, read_file(backup_key, crypto::keyfile::file_bytes));
  XL_TRY_ASSIGN(const crypto::SecretBytes key, detail::open_secret_file(key_file, unlock));
  BackupReader reader(backup);
  XL_TRY_ASSIGN(const BackupHeader header, reader.open());
  if (header.organisation != organisation) return malformed("of another organisation");
  // A keyring made anew gives folder, lock and database key; its root gives way to the backup's.
  XL_TRY_ASSIGN(std::unique_ptr<Keyring> keyring, create(places, organisation, unlock));
  XL_TRY(write_file_durably(places.keyring / "creating", {}, 0600));
  detail::Store& store = keyring->impl_->store;
  Bytes root_file;
  {
    XL_TRY_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::begin(store.database()));
    XL_TRY(store.run("DELETE FROM meta"));
    Bytes chunk;
    while (true) {
      XL_TRY_ASSIGN(const bool more, reader.next(key.view(), chunk));
      if (!more) break;
      Decoder in(chunk);
      while (!in.empty() && !in.failed()) XL_TRY(restore_row(in, store, root_file));
      if (!in.finished()) return malformed("a chunk is cut");
    }
    if (!reader.complete()) return malformed("something follows its end");
    XL_TRY_ASSIGN(crypto::SecretBytes root, detail::open_secret_file(root_file, unlock));
    XL_TRY_ASSIGN(const std::int64_t generation,
                  store.number("SELECT value FROM meta WHERE name = 'generation'"));
    keyring->impl_->root.key = std::move(root);
    keyring->impl_->root.generation = detail::as_unsigned(generation);
    XL_TRY(transaction.commit());
  }
  const detail::Root& root = keyring->impl_->root;
  XL_TRY_ASSIGN(const Bytes file, detail::seal_root(root, organisation, unlock));
  XL_TRY(write_file_durably(detail::root_path(places.keyring, root.generation), file, 0600));
  std::error_code ignored;
  if (root.generation != 1) std::filesystem::remove(detail::root_path(places.keyring, 1), ignored);
  std::filesystem::remove(places.keyring / "creating", ignored);
  XL_TRY(sync_directory(places.keyring));
  return keyring;
}

}  // namespace xl::vault
