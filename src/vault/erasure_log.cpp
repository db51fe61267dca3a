// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "vault/erasure_log.h"

#include "crypto/hash.h"
#include "model/limits.h"
#include "model/tags.h"
#include "vault/keyring_store.h"

namespace xl::vault {
namespace {

constexpr int erasure_log_version = 1;
constexpr std::string_view erasure_log_tables =
    "CREATE TABLE asked(id BLOB PRIMARY KEY, patient BLOB NOT NULL, record BLOB, version INTEGER,"
    "  asked_ms INTEGER NOT NULL, certificate BLOB, done INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE names(name BLOB PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TABLE records(record BLOB PRIMARY KEY, certificate BLOB NOT NULL,"
    "  stated INTEGER NOT NULL) WITHOUT ROWID";
constexpr std::string_view log_key_purpose = "erasures";
constexpr std::size_t asked_at_once_max = limits::vault_batch_max;

}  // namespace

struct ErasureLog::Impl {
  Impl(sqlite::Database database, crypto::SecretBytes secret)
      : store(std::move(database)), key(std::move(secret)) {}

  [[nodiscard]] Hash digest_of_name(const std::string& name) const {
    return crypto::tagged_hash(model::tags::erased_name, {key.view(), view_of(name)});
  }

  std::mutex mutex;  // guards the store
  detail::Store store;
  crypto::SecretBytes key;
};

ErasureLog::ErasureLog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ErasureLog::~ErasureLog() = default;

std::filesystem::path ErasureLog::path_in(const Places& places) {
  return places.keyring.parent_path() / "erasures.db";
}

Result<std::unique_ptr<ErasureLog>> ErasureLog::open(const Places& places, Keyring& keyring) {
  XL_TRY_ASSIGN(crypto::SecretBytes key, keyring.organisation_key(log_key_purpose));
  XL_TRY(make_private_directory(path_in(places).parent_path()));
  XL_TRY_ASSIGN(sqlite::Database database,
                sqlite::Database::open(path_in(places), {.key = key.view()}));
  XL_TRY(detail::make_tables(database, erasure_log_tables, erasure_log_version));
  return std::unique_ptr<ErasureLog>(
      new ErasureLog(std::make_unique<Impl>(std::move(database), std::move(key))));
}

Status ErasureLog::verify(const std::vector<model::Id>& erasures) {
  {
    const std::lock_guard guard(impl_->mutex);
    XL_TRY(impl_->store.database().check_integrity());
  }
  return holds(erasures);
}

Status ErasureLog::holds(const std::vector<model::Id>& erasures) {
  const std::lock_guard guard(impl_->mutex);
  detail::Store& store = impl_->store;
  for (const model::Id& one : erasures) {
    XL_TRY_ASSIGN(const std::int64_t known,
                  store.number("SELECT count(*) FROM asked WHERE certificate = ?1", one.view()));
    if (known == 0) {
      return make_error(ErrorCode::erasure_unknown, "the log of erasures lacks " + one.text());
    }
  }
  return {};
}

Status ErasureLog::ask(const std::vector<AskedErasure>& erasures,
                       const std::vector<std::string>& names) {
  if (erasures.size() > asked_at_once_max) return make_error(ErrorCode::vault_batch_too_large);
  const std::lock_guard guard(impl_->mutex);
  detail::Store& store = impl_->store;
  XL_TRY_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::begin(store.database()));
  for (const AskedErasure& one : erasures) {
    const std::int64_t asked = detail::as_signed(one.asked_ms);
    constexpr std::string_view insert = "INSERT INTO asked VALUES(?1, ?2, ?3, ?4, ?5, NULL, 0)";
    if (one.record) {
      XL_TRY(store.run(insert, one.id.view(), one.patient.view(), one.record->record.view(),
                       std::int64_t{one.record->version}, asked));
    } else {
      XL_TRY(store.run(insert, one.id.view(), one.patient.view(), nullptr, nullptr, asked));
    }
  }
  for (const std::string& name : names) {
    const Hash digest = impl_->digest_of_name(name);
    XL_TRY(store.run("INSERT OR IGNORE INTO names VALUES(?1)", ByteView(digest)));
  }
  return transaction.commit();
}

Status ErasureLog::certified(const model::Id& id, const model::Id& certificate) {
  const std::lock_guard guard(impl_->mutex);
  detail::Store& store = impl_->store;
  XL_TRY_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::begin(store.database()));
  // A keyring that came back gives another certificate for the same erasure.
  XL_TRY(
      store.run("UPDATE records SET certificate = ?2 WHERE certificate ="
                " (SELECT certificate FROM asked WHERE id = ?1)",
                id.view(), certificate.view()));
  XL_TRY(store.run("UPDATE asked SET certificate = ?2, done = 0 WHERE id = ?1", id.view(),
                   certificate.view()));
  return transaction.commit();
}

Status ErasureLog::done(const model::Id& id) {
  const std::lock_guard guard(impl_->mutex);
  return impl_->store.run("UPDATE asked SET done = 1 WHERE id = ?1", id.view());
}

Result<std::vector<AskedErasure>> ErasureLog::entries(const std::optional<model::Id>& after,
                                                      bool open_only) {
  const std::lock_guard guard(impl_->mutex);
  XL_TRY_ASSIGN(sqlite::Statement * select,
                impl_->store.statement("SELECT id, patient, record, version, asked_ms,"
                                       " certificate, done FROM asked"
                                       " WHERE id > ?1 AND done <= ?2 ORDER BY id LIMIT ?3"));
  const ByteView from = after ? after->view() : ByteView();
  std::vector<AskedErasure> out;
  Result<bool> row =
      select->start(from, std::int64_t{open_only ? 0 : 1}, std::int64_t{limits::vault_page_max});
  for (; row.ok() && *row; row = select->step()) {
    AskedErasure one;
    XL_TRY_ASSIGN(one.id, id_column(*select, 0));
    XL_TRY_ASSIGN(one.patient, id_column(*select, 1));
    if (!select->is_null(2)) {
      RecordVersion which;
      XL_TRY_ASSIGN(which.record, id_column(*select, 2));
      which.version = static_cast<std::uint32_t>(select->integer(3));
      one.record = which;
    }
    one.asked_ms = detail::as_unsigned(select->integer(4));
    if (!select->is_null(5)) {
      XL_TRY_ASSIGN(one.certificate, id_column(*select, 5));
    }
    one.done = select->integer(6) != 0;
    out.push_back(one);
  }
  select->reset();
  if (!row.ok()) return row.error();
  return out;
}

Result<bool> ErasureLog::knows(const std::string& name) {
  const std::lock_guard guard(impl_->mutex);
  const Hash digest = impl_->digest_of_name(name);
  XL_TRY_ASSIGN(
      const std::int64_t count,
      impl_->store.number("SELECT count(*) FROM names WHERE name = ?1", ByteView(digest)));
  return count != 0;
}

Status ErasureLog::add_record(const model::Id& record, const model::Id& certificate) {
  const std::lock_guard guard(impl_->mutex);
  return impl_->store.run("INSERT OR IGNORE INTO records VALUES(?1, ?2, 0)", record.view(),
                          certificate.view());
}

Status ErasureLog::stated(const model::Id& record, StatedErasure state) {
  const std::lock_guard guard(impl_->mutex);
  return impl_->store.run("UPDATE records SET stated = ?2 WHERE record = ?1", record.view(),
                          static_cast<std::int64_t>(state));
}

Result<std::vector<ErasedRecord>> ErasureLog::unstated(const std::optional<model::Id>& after) {
  const std::lock_guard guard(impl_->mutex);
  XL_TRY_ASSIGN(sqlite::Statement * select,
                impl_->store.statement("SELECT record, certificate, stated FROM records"
                                       " WHERE record > ?1 AND stated < 2 ORDER BY record"
                                       " LIMIT ?2"));
  const ByteView from = after ? after->view() : ByteView();
  std::vector<ErasedRecord> out;
  Result<bool> row = select->start(from, std::int64_t{limits::vault_page_max});
  for (; row.ok() && *row; row = select->step()) {
    ErasedRecord one;
    XL_TRY_ASSIGN(one.record, id_column(*select, 0));
    XL_TRY_ASSIGN(one.certificate, id_column(*select, 1));
    one.stated = static_cast<StatedErasure>(select->integer(2));
    out.push_back(one);
  }
  select->reset();
  if (!row.ok()) return row.error();
  return out;
}

Result<std::uint64_t> erase_again(Keyring& keyring, const Places& places, std::uint64_t now_ms) {
  std::error_code failure;
  if (!std::filesystem::exists(ErasureLog::path_in(places), failure)) return std::uint64_t{0};
  XL_TRY_ASSIGN(const auto log, ErasureLog::open(places, keyring));
  std::uint64_t count = 0;
  std::optional<model::Id> after;
  while (true) {
    XL_TRY_ASSIGN(const std::vector<AskedErasure> page, log->entries(after, false));
    if (page.empty()) return count;
    for (const AskedErasure& one : page) {
      const auto erased = one.record ? keyring.erase_record(*one.record, now_ms)
                                     : keyring.erase_patient(one.patient, now_ms);
      const bool unknown = !erased.ok() && (erased.error().code == ErrorCode::record_unknown ||
                                            erased.error().code == ErrorCode::patient_unknown);
      if (unknown) continue;  // written after the backup: there is nothing to destroy
      if (!erased.ok()) return erased.error();
      if (erased->id == one.certificate) continue;  // before the backup
      XL_TRY(log->certified(one.id, erased->id));
      ++count;
    }
    after = page.back().id;
  }
}

}  // namespace xl::vault
