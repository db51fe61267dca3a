// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "vault/bodies.h"

#include <algorithm>
#include <mutex>

#include "crypto/hash.h"
#include "crypto/suite.h"
#include "model/limits.h"
#include "vault/codec.h"
#include "vault/statements.h"

namespace xl::vault {
namespace {

/// On-disk format. Row ids ascend, so bodies are appended; only the index of digests is written at
/// random (docs/adr/0004-bodies-in-sqlite.md).
constexpr int bodies_version = 1;
constexpr std::string_view bodies_tables =
    "CREATE TABLE bodies(id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE,"
    "  ciphertext BLOB NOT NULL);"
    "CREATE TABLE pending(id INTEGER PRIMARY KEY REFERENCES bodies(id) ON DELETE CASCADE,"
    "  record BLOB NOT NULL, version INTEGER NOT NULL, valid_until_ms INTEGER NOT NULL);"
    "CREATE INDEX pending_until ON pending(valid_until_ms)";

Status check_batch(std::size_t count) {
  if (count <= limits::vault_batch_max) return {};
  return make_error(ErrorCode::vault_batch_too_large, std::to_string(count) + " parts");
}

Error altered(const SuiteDigest& digest) {
  return make_error(ErrorCode::body_altered, "digest " + to_hex(digest));
}

}  // namespace

struct Bodies::Impl {
  Impl(DirectoryLock taken, detail::Store opened)
      : lock(std::move(taken)), store(std::move(opened)) {}
  DirectoryLock lock;
  std::mutex mutex;  // guards `store`
  detail::Store store;

  [[nodiscard]] Result<std::int64_t> id_of(const SuiteDigest& digest) {
    return store.number("SELECT id FROM bodies WHERE digest = ?1", ByteView(digest));
  }

  [[nodiscard]] Status put_one(const New& body, const SuiteDigest& digest,
                               std::uint64_t valid_until_ms) {
    XL_TRY_ASSIGN(const std::int64_t there, id_of(digest));
    if (there != 0) {
      // Known and pending: the later transaction decides. Known and confirmed: stays so.
      return store.run("UPDATE pending SET valid_until_ms = max(valid_until_ms, ?2) WHERE id = ?1",
                       there, detail::as_signed(valid_until_ms));
    }
    XL_TRY(store.run("INSERT INTO bodies(digest, ciphertext) VALUES(?1, ?2)", ByteView(digest),
                     body.ciphertext));
    return store.run("INSERT INTO pending VALUES(?1, ?2, ?3, ?4)",
                     store.database().last_insert_id(), body.owner.record.view(),
                     std::int64_t{body.owner.version}, detail::as_signed(valid_until_ms));
  }
};

SuiteDigest body_digest(ByteView ciphertext) {
  SuiteDigest out{};
  out[0] = static_cast<std::uint8_t>(crypto::Suite::international);
  const Hash digest = crypto::sha256(ciphertext);
  std::copy(digest.begin(), digest.end(), out.begin() + 1);
  return out;
}

Result<std::unique_ptr<Bodies>> Bodies::open(const std::filesystem::path& directory) {
  XL_TRY(make_private_directory(directory));
  XL_TRY_ASSIGN(DirectoryLock lock, DirectoryLock::take(directory));
  // Not encrypted: it holds ciphertexts and digests that are public anyway.
  XL_TRY_ASSIGN(sqlite::Database database, sqlite::Database::open(directory / "bodies.db"));
  XL_TRY(detail::make_tables(database, bodies_tables, bodies_version));
  return std::unique_ptr<Bodies>(
      new Bodies(std::make_unique<Impl>(std::move(lock), detail::Store(std::move(database)))));
}

Bodies::Bodies(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Bodies::~Bodies() = default;

Result<std::vector<SuiteDigest>> Bodies::put(std::span<const New> bodies,
                                             std::uint64_t valid_until_ms) {
  XL_TRY(check_batch(bodies.size()));
  std::size_t bytes = 0;
  std::vector<SuiteDigest> digests;
  digests.reserve(bodies.size());
  for (const New& body : bodies) {
    if (body.ciphertext.size() > limits::body_bytes_max) {
      return make_error(ErrorCode::body_too_large, std::to_string(body.ciphertext.size()));
    }
    bytes += body.ciphertext.size();
    if (bytes > limits::vault_batch_bytes_max) {
      return make_error(ErrorCode::vault_batch_too_large, "over 64 MiB");
    }
    digests.push_back(body_digest(body.ciphertext));
  }
  const std::lock_guard guard(impl_->mutex);
  XL_TRY_ASSIGN(sqlite::Transaction transaction,
                sqlite::Transaction::begin(impl_->store.database()));
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    XL_TRY(impl_->put_one(bodies[i], digests[i], valid_until_ms));
  }
  XL_TRY(transaction.commit());
  return digests;
}

Result<Bytes> Bodies::get(const SuiteDigest& digest) const {
  Bytes ciphertext;
  {
    const std::lock_guard guard(impl_->mutex);
    XL_TRY_ASSIGN(sqlite::Statement * select,
                  impl_->store.statement("SELECT ciphertext FROM bodies WHERE digest = ?1"));
    XL_TRY_ASSIGN(const bool found, select->start(ByteView(digest)));
    if (!found) return make_error(ErrorCode::body_unknown, "digest " + to_hex(digest));
    ciphertext = copy_of(select->blob(0));
    select->reset();
  }
  if (body_digest(ciphertext) != digest) return altered(digest);
  return ciphertext;
}

Result<bool> Bodies::contains(const SuiteDigest& digest) const {
  const std::lock_guard guard(impl_->mutex);
  XL_TRY_ASSIGN(const std::int64_t id, impl_->id_of(digest));
  return id != 0;
}

Result<bool> Bodies::is_pending(const SuiteDigest& digest) const {
  const std::lock_guard guard(impl_->mutex);
  XL_TRY_ASSIGN(
      const std::int64_t count,
      impl_->store.number(
          "SELECT count(*) FROM pending WHERE id = (SELECT id FROM bodies WHERE digest = ?1)",
          ByteView(digest)));
  return count != 0;
}

Status Bodies::confirm(std::span<const SuiteDigest> digests) {
  XL_TRY(check_batch(digests.size()));
  const std::lock_guard guard(impl_->mutex);
  XL_TRY_ASSIGN(sqlite::Transaction transaction,
                sqlite::Transaction::begin(impl_->store.database()));
  for (const SuiteDigest& digest : digests) {
    XL_TRY(
        impl_->store.run("DELETE FROM pending WHERE id = (SELECT id FROM bodies WHERE digest = ?1)",
                         ByteView(digest)));
  }
  return transaction.commit();
}

Result<std::vector<Bodies::Orphan>> Bodies::orphans(std::uint64_t now_ms,
                                                    std::uint32_t count_max) const {
  XL_TRY(check_batch(count_max));
  const std::lock_guard guard(impl_->mutex);
  XL_TRY_ASSIGN(
      sqlite::Statement * select,
      impl_->store.statement("SELECT b.digest, p.record, p.version, p.valid_until_ms FROM pending p"
                             " JOIN bodies b ON b.id = p.id WHERE p.valid_until_ms < ?1"
                             " ORDER BY p.valid_until_ms, p.id LIMIT ?2"));
  std::vector<Orphan> out;
  Result<bool> row = select->start(detail::as_signed(now_ms), std::int64_t{count_max});
  for (; row.ok() && *row; row = select->step()) {
    Orphan orphan;
    const ByteView digest = select->blob(0);
    const ByteView record = select->blob(1);
    if (digest.size() != orphan.digest.size() || record.size() != limits::id_bytes) {
      return make_error(ErrorCode::database_corrupt, "pending bodies");
    }
    std::copy(digest.begin(), digest.end(), orphan.digest.begin());
    std::copy(record.begin(), record.end(), orphan.owner.record.bytes.begin());
    orphan.owner.version = static_cast<std::uint32_t>(select->integer(2));
    orphan.valid_until_ms = detail::as_unsigned(select->integer(3));
    out.push_back(orphan);
  }
  select->reset();
  if (!row.ok()) return row.error();
  return out;
}

Status Bodies::remove(std::span<const SuiteDigest> digests) {
  XL_TRY(check_batch(digests.size()));
  const std::lock_guard guard(impl_->mutex);
  XL_TRY_ASSIGN(sqlite::Transaction transaction,
                sqlite::Transaction::begin(impl_->store.database()));
  for (const SuiteDigest& digest : digests) {
    XL_TRY(impl_->store.run("DELETE FROM bodies WHERE digest = ?1", ByteView(digest)));
  }
  return transaction.commit();
}

Result<Bodies::Count> Bodies::count() const {
  const std::lock_guard guard(impl_->mutex);
  XL_TRY_ASSIGN(const std::int64_t bodies, impl_->store.number("SELECT count(*) FROM bodies"));
  XL_TRY_ASSIGN(const std::int64_t pending, impl_->store.number("SELECT count(*) FROM pending"));
  return Count{detail::as_unsigned(bodies), detail::as_unsigned(pending)};
}

Status Bodies::verify() const {
  {
    const std::lock_guard guard(impl_->mutex);
    XL_TRY(impl_->store.database().check_integrity());
  }
  std::int64_t after = 0;
  while (true) {
    SuiteDigest digest{};
    {
      const std::lock_guard guard(impl_->mutex);
      XL_TRY_ASSIGN(sqlite::Statement * select,
                    impl_->store.statement(
                        "SELECT id, digest, ciphertext FROM bodies WHERE id > ?1 LIMIT 1"));
      XL_TRY_ASSIGN(const bool row, select->start(after));
      if (!row) return {};
      after = select->integer(0);
      const ByteView stored = select->blob(1);
      if (stored.size() != digest.size()) {
        return make_error(ErrorCode::database_corrupt, "digest of body " + std::to_string(after));
      }
      std::copy(stored.begin(), stored.end(), digest.begin());
      const bool intact = body_digest(select->blob(2)) == digest;
      select->reset();
      if (!intact) return altered(digest);
    }
  }
}

}  // namespace xl::vault
