// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Erasure: wraps are deleted in one transaction with the record of the deletion, the log is
// emptied, and the certificate waits for the backups that were alive then.
#include "vault/erasure.h"

#include <algorithm>

#include "crypto/hash.h"
#include "crypto/random.h"
#include "model/limits.h"
#include "model/tags.h"
#include "vault/codec.h"
#include "vault/keyring_store.h"

namespace xl::vault {
namespace {

constexpr std::uint8_t certificate_version = 1;

model::Id random_id() {
  model::Id id;
  crypto::random_bytes(id.bytes);
  return id;
}

/// Writes down an erasure of `versions` record versions and the backups it waits for.
Status record_erasure(detail::Store& store, const model::Id& erasure, ByteView patient,
                      const RecordVersion* record, std::uint64_t now_ms, std::int64_t versions) {
  if (record != nullptr) {
    XL_TRY(store.run("INSERT INTO erasures VALUES(?1, ?2, ?3, ?4, ?5, ?6)", erasure.view(), patient,
                     record->record.view(), std::int64_t{record->version},
                     detail::as_signed(now_ms), versions));
  } else {
    XL_TRY(store.run("INSERT INTO erasures VALUES(?1, ?2, ?3, ?4, ?5, ?6)", erasure.view(), patient,
                     nullptr, nullptr, detail::as_signed(now_ms), versions));
  }
  return store.run(
      "INSERT INTO erasure_backups SELECT ?1, id FROM backup_keys WHERE destroyed_ms IS NULL",
      erasure.view());
}

/// The one id of a query's first row, or a zero id. Errors: keyring_altered, a database's.
template <typename... Values>
Result<model::Id> id_of(detail::Store& store, std::string_view sql, const Values&... values) {
  XL_TRY_ASSIGN(sqlite::Statement * select, store.statement(sql));
  XL_TRY_ASSIGN(const bool row, select->start(values...));
  if (!row || select->is_null(0)) {
    select->reset();
    return model::Id{};
  }
  auto id = id_column(*select, 0);
  select->reset();
  return id;
}

Status read_disclosures(detail::Store& store, ErasureCertificate& certificate) {
  XL_TRY_ASSIGN(sqlite::Statement * select,
                store.statement("SELECT d.record, d.version, d.grantee, d.given_ms FROM erased e"
                                " JOIN disclosures d ON d.record = e.record"
                                " AND d.version = e.version WHERE e.erasure = ?1 ORDER BY d.id"));
  Result<bool> row = select->start(certificate.id.view());
  for (; row.ok() && *row; row = select->step()) {
    ++certificate.disclosure_count;
    if (certificate.disclosures.size() == disclosures_listed_max) continue;
    Disclosure entry;
    XL_TRY_ASSIGN(entry.which.record, id_column(*select, 0));
    entry.which.version = static_cast<std::uint32_t>(select->integer(1));
    XL_TRY_ASSIGN(entry.grantee, id_column(*select, 2));
    entry.given_ms = detail::as_unsigned(select->integer(3));
    certificate.disclosures.push_back(entry);
  }
  select->reset();
  if (!row.ok()) return row.error();
  return {};
}

Status read_finality(detail::Store& store, ErasureCertificate& certificate) {
  XL_TRY_ASSIGN(sqlite::Statement * select,
                store.statement("SELECT count(*) - count(k.destroyed_ms), max(k.destroyed_ms),"
                                " max(k.expires_ms) FROM erasure_backups b"
                                " JOIN backup_keys k ON k.id = b.backup WHERE b.erasure = ?1"));
  XL_TRY(select->start(certificate.id.view()));
  certificate.is_final = select->integer(0) == 0;
  const std::int64_t at = select->integer(certificate.is_final ? 1 : 2);
  select->reset();
  certificate.final_ms = std::max(certificate.erased_ms, detail::as_unsigned(at));
  return {};
}

Result<ErasureCertificate> read_certificate(detail::Store& store, const model::Id& organisation,
                                            const model::Id& erasure) {
  ErasureCertificate out;
  out.id = erasure;
  out.organisation = organisation;
  XL_TRY_ASSIGN(sqlite::Statement * select,
                store.statement("SELECT patient, record, version, erased_ms, versions"
                                " FROM erasures WHERE id = ?1"));
  XL_TRY_ASSIGN(const bool row, select->start(erasure.view()));
  if (!row) return make_error(ErrorCode::erasure_unknown, erasure.text());
  XL_TRY_ASSIGN(out.patient, id_column(*select, 0));
  if (!select->is_null(1)) {
    RecordVersion which;
    XL_TRY_ASSIGN(which.record, id_column(*select, 1));
    which.version = static_cast<std::uint32_t>(select->integer(2));
    out.record = which;
  }
  out.erased_ms = detail::as_unsigned(select->integer(3));
  out.versions = detail::as_unsigned(select->integer(4));
  select->reset();
  XL_TRY(read_disclosures(store, out));
  XL_TRY(read_finality(store, out));
  return out;
}

}  // namespace

Bytes encode(const ErasureCertificate& certificate) {
  Encoder out;
  out.u8(certificate_version)
      .fixed(certificate.id.view())
      .fixed(certificate.organisation.view())
      .fixed(certificate.patient.view());
  out.u8(certificate.record.has_value() ? 1 : 0);
  if (certificate.record.has_value()) {
    out.fixed(certificate.record->record.view()).u32(certificate.record->version);
  }
  out.u64(certificate.erased_ms)
      .u64(certificate.versions)
      .u8(certificate.is_final ? 1 : 0)
      .u64(certificate.final_ms)
      .u64(certificate.disclosure_count)
      .u32(static_cast<std::uint32_t>(certificate.disclosures.size()));
  for (const Disclosure& entry : certificate.disclosures) {
    out.fixed(entry.which.record.view())
        .u32(entry.which.version)
        .fixed(entry.grantee.view())
        .u64(entry.given_ms);
  }
  return out.take();
}

Hash digest_of(const ErasureCertificate& certificate) {
  return crypto::tagged_hash(model::tags::erasure_certificate, {encode(certificate)});
}

Result<ErasureCertificate> Keyring::erase_record(const RecordVersion& which, std::uint64_t now_ms) {
  const std::lock_guard guard(impl_->mutex);
  detail::Store& store = impl_->store;
  const ByteView record = which.record.view();
  const std::int64_t version{which.version};
  XL_TRY_ASSIGN(model::Id erasure,
                id_of(store, "SELECT erasure FROM erased WHERE record = ?1 AND version = ?2",
                      record, version));
  if (!erasure.is_zero()) return read_certificate(store, impl_->organisation, erasure);
  XL_TRY_ASSIGN(const model::Id patient,
                id_of(store, "SELECT patient FROM data_keys WHERE record = ?1 AND version = ?2",
                      record, version));
  if (patient.is_zero()) return impl_->missing(which);
  erasure = random_id();
  XL_TRY_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::begin(store.database()));
  XL_TRY(record_erasure(store, erasure, patient.view(), &which, now_ms, 1));
  XL_TRY(
      store.run("INSERT INTO erased SELECT record, version, ?3, body FROM data_keys"
                " WHERE record = ?1 AND version = ?2",
                record, version, erasure.view()));
  XL_TRY(store.run("DELETE FROM data_keys WHERE record = ?1 AND version = ?2", record, version));
  XL_TRY(transaction.commit());
  XL_TRY(impl_->empty_log());
  return read_certificate(store, impl_->organisation, erasure);
}

Result<std::vector<model::Id>> Keyring::erasures() {
  const std::lock_guard guard(impl_->mutex);
  XL_TRY_ASSIGN(sqlite::Statement * select,
                impl_->store.statement("SELECT id FROM erasures ORDER BY id"));
  std::vector<model::Id> out;
  Result<bool> row = select->start();
  for (; row.ok() && *row; row = select->step()) {
    auto id = id_column(*select, 0);
    if (!id.ok()) {
      select->reset();
      return id.error();
    }
    out.push_back(*id);
  }
  select->reset();
  if (!row.ok()) return row.error();
  return out;
}

Result<ErasureCertificate> Keyring::erase_patient(const model::Id& patient, std::uint64_t now_ms) {
  const std::lock_guard guard(impl_->mutex);
  detail::Store& store = impl_->store;
  XL_TRY_ASSIGN(const std::int64_t known,
                store.number("SELECT count(*) FROM patients WHERE patient = ?1", patient.view()));
  if (known == 0) return make_error(ErrorCode::patient_unknown);
  XL_TRY_ASSIGN(model::Id erasure,
                id_of(store, "SELECT erasure FROM patients WHERE patient = ?1", patient.view()));
  if (!erasure.is_zero()) return read_certificate(store, impl_->organisation, erasure);
  erasure = random_id();
  XL_TRY_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::begin(store.database()));
  XL_TRY_ASSIGN(const std::int64_t versions,
                store.number("SELECT count(*) FROM data_keys WHERE patient = ?1", patient.view()));
  XL_TRY(record_erasure(store, erasure, patient.view(), nullptr, now_ms, versions));
  XL_TRY(
      store.run("INSERT INTO erased SELECT record, version, ?2, body FROM data_keys"
                " WHERE patient = ?1",
                patient.view(), erasure.view()));
  XL_TRY(store.run("DELETE FROM data_keys WHERE patient = ?1", patient.view()));
  XL_TRY(
      store.run("UPDATE patients SET wrap = NULL, agreement = NULL, erasure = ?2"
                " WHERE patient = ?1",
                patient.view(), erasure.view()));
  XL_TRY(transaction.commit());
  XL_TRY(impl_->empty_log());
  return read_certificate(store, impl_->organisation, erasure);
}

Result<ErasureCertificate> Keyring::certificate(const model::Id& erasure) {
  const std::lock_guard guard(impl_->mutex);
  return read_certificate(impl_->store, impl_->organisation, erasure);
}

Result<std::vector<SuiteDigest>> Keyring::erased_bodies(const model::Id& erasure,
                                                        const std::optional<SuiteDigest>& after) {
  const std::lock_guard guard(impl_->mutex);
  XL_TRY_ASSIGN(sqlite::Statement * select,
                impl_->store.statement("SELECT DISTINCT body FROM erased WHERE erasure = ?1"
                                       " AND body > ?2 ORDER BY body LIMIT ?3"));
  const ByteView from = after.has_value() ? ByteView(*after) : ByteView();
  std::vector<SuiteDigest> out;
  Result<bool> row = select->start(erasure.view(), from, std::int64_t{limits::vault_batch_max});
  for (; row.ok() && *row; row = select->step()) {
    XL_TRY_ASSIGN(const SuiteDigest digest, digest_column(*select, 0));
    out.push_back(digest);
  }
  select->reset();
  if (!row.ok()) return row.error();
  return out;
}

}  // namespace xl::vault
