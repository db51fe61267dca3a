// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// The root: its files, how a keyring begins and opens, and its rotation. A rotation writes the new
// root's file beside the former one, switches in one database transaction, then removes the former
// file; the generation in the database says which of the two counts.
#include <unistd.h>

#include <algorithm>

#include "base/checked.h"
#include "base/file.h"
#include "crypto/keyfile.h"
#include "crypto/wrap.h"
#include "model/tags.h"
#include "vault/codec.h"
#include "vault/keyring_store.h"

namespace xl::vault {
namespace {

constexpr int keyring_version = 1;
constexpr std::string_view keyring_tables =
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE organisation_keys(purpose TEXT PRIMARY KEY, wrap BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE patients(patient BLOB PRIMARY KEY, wrap BLOB, agreement BLOB,"
    "  erasure BLOB) WITHOUT ROWID;"
    "CREATE TABLE data_keys(record BLOB, version INTEGER, patient BLOB NOT NULL,"
    "  body BLOB NOT NULL, commitment BLOB NOT NULL, wrap BLOB NOT NULL, patient_wrap BLOB,"
    "  PRIMARY KEY(record, version)) WITHOUT ROWID;"
    "CREATE INDEX data_keys_patient ON data_keys(patient);"
    "CREATE TABLE disclosures(id INTEGER PRIMARY KEY, record BLOB NOT NULL,"
    "  version INTEGER NOT NULL, grantee BLOB NOT NULL, given_ms INTEGER NOT NULL);"
    "CREATE INDEX disclosures_record ON disclosures(record, version);"
    "CREATE TABLE erasures(id BLOB PRIMARY KEY, patient BLOB NOT NULL, record BLOB,"
    "  version INTEGER, erased_ms INTEGER NOT NULL, versions INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE erased(record BLOB, version INTEGER, erasure BLOB NOT NULL, body BLOB NOT NULL,"
    "  PRIMARY KEY(record, version)) WITHOUT ROWID;"
    "CREATE INDEX erased_erasure ON erased(erasure, body);"
    "CREATE TABLE backup_keys(id BLOB PRIMARY KEY, expires_ms INTEGER NOT NULL,"
    "  destroyed_ms INTEGER) WITHOUT ROWID;"
    "CREATE TABLE erasure_backups(erasure BLOB, backup BLOB, PRIMARY KEY(erasure, backup))"
    "  WITHOUT ROWID";

constexpr std::string_view creating_name = "creating";
constexpr std::string_view root_prefix = "root.";
constexpr std::size_t wrapped_database_key_bytes = 61;
constexpr std::size_t root_file_bytes = crypto::keyfile::file_bytes + wrapped_database_key_bytes;

Bytes database_key_context(const model::Id& organisation, std::uint64_t generation) {
  return detail::bound_to(model::tags::keyring_database,
                          {organisation.view(), detail::be64(generation)});
}

/// Removes files by name; those that are not there are passed over.
Status remove_files(const std::filesystem::path& directory,
                    const std::vector<std::filesystem::path>& files) {
  for (const auto& file : files) {
    std::error_code error;
    std::filesystem::remove(file, error);
    if (error) {
      return make_error(ErrorCode::file_unwritable, file.string() + ": " + error.message());
    }
  }
  return sync_directory(directory);
}

std::vector<std::filesystem::path> database_files(const std::filesystem::path& directory) {
  return {directory / "keyring.db", directory / "keyring.db-wal", directory / "keyring.db-shm",
          directory / "keyring.db-journal"};
}

Status remove_other_roots(const std::filesystem::path& directory, std::uint64_t generation) {
  std::vector<std::filesystem::path> others;
  for (const std::uint64_t other : detail::root_generations(directory)) {
    if (other != generation) others.push_back(detail::root_path(directory, other));
  }
  if (others.empty()) return {};
  return remove_files(directory, others);
}

}  // namespace

namespace detail {

std::filesystem::path root_path(const std::filesystem::path& directory, std::uint64_t generation) {
  return directory / (std::string(root_prefix) + std::to_string(generation));
}

std::vector<std::uint64_t> root_generations(const std::filesystem::path& directory) {
  std::vector<std::uint64_t> out;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    std::uint64_t generation = 0;
    if (name.starts_with(root_prefix) &&
        parse_decimal(std::string_view(name).substr(root_prefix.size()), generation)) {
      out.push_back(generation);
    }
  }
  std::sort(out.rbegin(), out.rend());
  return out;
}

Result<Bytes> seal_secret(ByteView secret, const Unlock& unlock) {
  using crypto::keyfile::Kind;
  if (!unlock.operator_key.empty()) {
    return crypto::keyfile::seal_with_operator_key(Kind::root, secret, unlock.operator_key);
  }
  return crypto::keyfile::seal_with_passphrase(Kind::root, secret, unlock.passphrase, unlock.cost);
}

Result<crypto::SecretBytes> open_secret_file(ByteView file, const Unlock& unlock) {
  if (!unlock.operator_key.empty()) {
    return crypto::keyfile::open_with_operator_key(file, unlock.operator_key);
  }
  return crypto::keyfile::open_with_passphrase(file, unlock.passphrase);
}

Result<Bytes> seal_root(const Root& root, const model::Id& organisation, const Unlock& unlock) {
  XL_TRY_ASSIGN(Bytes file, seal_secret(root.key.view(), unlock));
  XL_TRY_ASSIGN(const Bytes wrap,
                crypto::wrap_key(root.key.view(), root.database_key.view(),
                                 database_key_context(organisation, root.generation)));
  append(file, wrap);
  return file;
}

Result<Root> open_root(ByteView file, std::uint64_t generation, const model::Id& organisation,
                       const Unlock& unlock) {
  if (file.size() != root_file_bytes) {
    return make_error(ErrorCode::keyfile_malformed, "root." + std::to_string(generation));
  }
  XL_TRY_ASSIGN(crypto::SecretBytes key,
                open_secret_file(file.first(crypto::keyfile::file_bytes), unlock));
  XL_TRY_ASSIGN(
      crypto::SecretBytes database_key,
      unwrap_or_altered(key.view(), file.subspan(crypto::keyfile::file_bytes),
                        database_key_context(organisation, generation), "the database's key"));
  return Root{generation, std::move(key), std::move(database_key)};
}

Bytes patient_key_context(const model::Id& organisation, ByteView patient) {
  return bound_to(model::tags::patient_key, {organisation.view(), patient});
}

Bytes organisation_key_context(const model::Id& organisation, std::string_view purpose) {
  return bound_to(model::tags::organisation_key, {organisation.view(), view_of(purpose)});
}

Result<crypto::SecretBytes> unwrap_or_altered(ByteView key, ByteView wrapped, ByteView context,
                                              std::string_view what) {
  auto unwrapped = crypto::unwrap_key(key, wrapped, context);
  if (!unwrapped.ok()) return make_error(ErrorCode::keyring_altered, what);
  if (unwrapped->size() != 32) return make_error(ErrorCode::keyring_altered, what);
  return unwrapped;
}

Result<sqlite::Database> open_keyring_database(const std::filesystem::path& directory,
                                               ByteView key) {
  XL_TRY_ASSIGN(sqlite::Database database,
                sqlite::Database::open(directory / "keyring.db", {.key = key}));
  XL_TRY(make_tables(database, keyring_tables, keyring_version));
  return database;
}

}  // namespace detail

Keyring::Keyring(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Keyring::~Keyring() = default;
const model::Id& Keyring::organisation() const { return impl_->organisation; }

Result<std::unique_ptr<Keyring>> Keyring::create(const Places& places,
                                                 const model::Id& organisation,
                                                 const Unlock& unlock) {
  const auto& directory = places.keyring;
  XL_TRY(make_private_directory(directory));
  XL_TRY_ASSIGN(DirectoryLock lock, DirectoryLock::take(directory));
  const auto creating = directory / creating_name;
  if (!std::filesystem::exists(creating)) {
    if (!detail::root_generations(directory).empty() ||
        std::filesystem::exists(directory / "keyring.db")) {
      return make_error(ErrorCode::keyring_exists, directory.string());
    }
    XL_TRY(write_file_durably(creating, {}, 0600));
  } else {  // begun and never finished: nothing was ever acknowledged
    XL_TRY(remove_files(directory, database_files(directory)));
    XL_TRY(remove_other_roots(directory, 0));
  }
  detail::Root root{1, crypto::SecretBytes::random(32), crypto::SecretBytes::random(32)};
  XL_TRY_ASSIGN(const Bytes file, detail::seal_root(root, organisation, unlock));
  XL_TRY(write_file_durably(detail::root_path(directory, 1), file, 0600));
  XL_TRY_ASSIGN(sqlite::Database database,
                detail::open_keyring_database(directory, root.database_key.view()));
  XL_TRY(database.execute("INSERT INTO meta VALUES('generation', 1)"));
  XL_TRY(remove_files(directory, {creating}));
  return std::unique_ptr<Keyring>(new Keyring(std::make_unique<Impl>(
      places, organisation, std::move(lock), std::move(root), std::move(database))));
}

Result<std::unique_ptr<Keyring>> Keyring::open(const Places& places, const model::Id& organisation,
                                               const Unlock& unlock) {
  const auto& directory = places.keyring;
  if (!std::filesystem::exists(directory / "keyring.db") ||
      std::filesystem::exists(directory / creating_name)) {
    return make_error(ErrorCode::keyring_missing, directory.string());
  }
  XL_TRY_ASSIGN(DirectoryLock lock, DirectoryLock::take(directory));
  Error refused = make_error(ErrorCode::keyring_missing, directory.string());
  bool first = true;
  for (const std::uint64_t generation : detail::root_generations(directory)) {
    XL_TRY_ASSIGN(const Bytes file,
                  read_file(detail::root_path(directory, generation), root_file_bytes));
    auto root = detail::open_root(file, generation, organisation, unlock);
    if (!root.ok()) {
      if (first) refused = root.error();
      first = false;
      continue;
    }
    XL_TRY_ASSIGN(sqlite::Database database,
                  detail::open_keyring_database(directory, root->database_key.view()));
    auto impl = std::make_unique<Impl>(places, organisation, std::move(lock), std::move(*root),
                                       std::move(database));
    XL_TRY_ASSIGN(const std::int64_t current,
                  impl->store.number("SELECT value FROM meta WHERE name = 'generation'"));
    if (detail::as_unsigned(current) == generation) {
      XL_TRY(remove_other_roots(directory, generation));
      return std::unique_ptr<Keyring>(new Keyring(std::move(impl)));
    }
    refused =
        make_error(generation < detail::as_unsigned(current) ? ErrorCode::root_superseded
                                                             : ErrorCode::root_rotation_unfinished);
    first = false;
    lock = std::move(impl->lock);
  }
  return refused;
}

Status Keyring::Impl::empty_log() {
  const Status status = store.database().checkpoint();
  if (!status.ok() && status.error().code == ErrorCode::database_locked) return {};
  return status;
}

Result<Bytes> Keyring::Impl::rewrapped(ByteView fresh, ByteView wrap, ByteView context,
                                       std::string_view what) const {
  XL_TRY_ASSIGN(const crypto::SecretBytes key,
                detail::unwrap_or_altered(root.key.view(), wrap, context, what));
  return crypto::wrap_key(fresh, key.view(), context);
}

Status Keyring::Impl::rewrap_patients(ByteView fresh) {
  Bytes after;
  while (true) {
    XL_TRY_ASSIGN(sqlite::Statement * next,
                  store.statement("SELECT patient, wrap FROM patients"
                                  " WHERE patient > ?1 AND wrap IS NOT NULL"
                                  " ORDER BY patient LIMIT 1"));
    XL_TRY_ASSIGN(const bool row, next->start(ByteView(after)));
    if (!row) return {};
    after = copy_of(next->blob(0));
    const Bytes wrap = copy_of(next->blob(1));
    next->reset();
    XL_TRY_ASSIGN(const Bytes renewed,
                  rewrapped(fresh, wrap, detail::patient_key_context(organisation, after),
                            "a patient's key"));
    XL_TRY(store.run("UPDATE patients SET wrap = ?2 WHERE patient = ?1", ByteView(after),
                     ByteView(renewed)));
  }
}

Status Keyring::Impl::rewrap_organisation_keys(ByteView fresh) {
  std::string after;
  while (true) {
    XL_TRY_ASSIGN(sqlite::Statement * next,
                  store.statement("SELECT purpose, wrap FROM organisation_keys"
                                  " WHERE purpose > ?1 ORDER BY purpose LIMIT 1"));
    XL_TRY_ASSIGN(const bool row, next->start(std::string_view(after)));
    if (!row) return {};
    after = next->text(0);
    const Bytes wrap = copy_of(next->blob(1));
    next->reset();
    XL_TRY_ASSIGN(const Bytes renewed,
                  rewrapped(fresh, wrap, detail::organisation_key_context(organisation, after),
                            "an organisation's key"));
    XL_TRY(store.run("UPDATE organisation_keys SET wrap = ?2 WHERE purpose = ?1",
                     std::string_view(after), ByteView(renewed)));
  }
}

Status Keyring::rotate_root(const Unlock& unlock) {
  const std::lock_guard guard(impl_->mutex);
  detail::Store& store = impl_->store;
  detail::Root fresh{impl_->root.generation + 1, crypto::SecretBytes::random(32),
                     crypto::SecretBytes::copy_of(impl_->root.database_key.view())};
  const auto& directory = impl_->places.keyring;
  XL_TRY_ASSIGN(const Bytes file, detail::seal_root(fresh, impl_->organisation, unlock));
  XL_TRY(write_file_durably(detail::root_path(directory, fresh.generation), file, 0600));
  XL_TRY_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::begin(store.database()));
  XL_TRY(impl_->rewrap_patients(fresh.key.view()));
  XL_TRY(impl_->rewrap_organisation_keys(fresh.key.view()));
  XL_TRY(store.run("UPDATE meta SET value = ?1 WHERE name = 'generation'",
                   detail::as_signed(fresh.generation)));
  XL_TRY(transaction.commit());
  impl_->root = std::move(fresh);
  XL_TRY(remove_other_roots(directory, impl_->root.generation));
  return impl_->empty_log();  // it holds wraps under the former root
}

}  // namespace xl::vault
