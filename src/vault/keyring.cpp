// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Patient keys and data keys.
#include "vault/keyring.h"

#include <algorithm>

#include "base/check.h"
#include "crypto/wrap.h"
#include "model/limits.h"
#include "model/tags.h"
#include "vault/codec.h"
#include "vault/keyring_store.h"

namespace xl::vault {
namespace {

constexpr std::size_t purpose_bytes_max = 32;

Status check_count(std::size_t count) {
  if (count <= limits::vault_batch_max) return {};
  return make_error(ErrorCode::vault_batch_too_large, std::to_string(count) + " parts");
}

std::string named(const RecordVersion& which) {
  return which.record.text() + " version " + std::to_string(which.version);
}

}  // namespace

Bytes data_key_context(const model::Id& organisation, const RecordVersion& which) {
  return detail::bound_to(model::tags::data_key,
                          {organisation.view(), which.record.view(), detail::be32(which.version)});
}

Result<model::Id> id_column(const sqlite::Statement& row, int column) {
  auto id = model::id_from_bytes(row.blob(column));
  if (!id.ok()) return make_error(ErrorCode::keyring_altered, "an id");
  return *id;
}

Result<SuiteDigest> digest_column(const sqlite::Statement& row, int column) {
  SuiteDigest out{};
  const ByteView bytes = row.blob(column);
  if (bytes.size() != out.size()) return make_error(ErrorCode::keyring_altered, "a digest");
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

Result<crypto::SecretBytes> Keyring::Impl::patient_key(ByteView patient) {
  XL_TRY_ASSIGN(sqlite::Statement * select,
                store.statement("SELECT wrap FROM patients WHERE patient = ?1"));
  XL_TRY_ASSIGN(const bool row, select->start(patient));
  if (!row) return make_error(ErrorCode::patient_unknown);
  if (select->is_null(0)) {
    select->reset();
    return make_error(ErrorCode::patient_erased);
  }
  auto key = detail::unwrap_or_altered(root.key.view(), select->blob(0),
                                       detail::patient_key_context(organisation, patient),
                                       "a patient's key");
  select->reset();
  return key;
}

Error Keyring::Impl::missing(const RecordVersion& which) {
  const auto erased = store.number("SELECT count(*) FROM erased WHERE record = ?1 AND version = ?2",
                                   which.record.view(), std::int64_t{which.version});
  if (!erased.ok()) return erased.error();
  return make_error(*erased != 0 ? ErrorCode::record_erased : ErrorCode::record_unknown,
                    named(which));
}

Status Keyring::Impl::each_data_key(ByteView patient, ByteView patient_key, const Rewrap& rewrap) {
  RecordVersion last;
  while (true) {
    // Row by row: the statement must not be open while its rows change.
    XL_TRY_ASSIGN(sqlite::Statement * next,
                  store.statement("SELECT record, version, wrap FROM data_keys WHERE patient = ?1"
                                  " AND (record, version) > (?2, ?3)"
                                  " ORDER BY record, version LIMIT 1"));
    XL_TRY_ASSIGN(const bool row,
                  next->start(patient, last.record.view(), std::int64_t{last.version}));
    if (!row) return {};
    XL_TRY_ASSIGN(last.record, id_column(*next, 0));
    last.version = static_cast<std::uint32_t>(next->integer(1));
    auto key = detail::unwrap_or_altered(patient_key, next->blob(2),
                                         data_key_context(organisation, last), named(last));
    next->reset();
    if (!key.ok()) return key.error();
    XL_TRY(rewrap(last, *key));
  }
}

Result<crypto::SecretBytes> Keyring::organisation_key(std::string_view purpose) {
  XL_CHECK(!purpose.empty() && purpose.size() <= purpose_bytes_max);
  const std::lock_guard guard(impl_->mutex);
  const Bytes context = detail::organisation_key_context(impl_->organisation, purpose);
  XL_TRY_ASSIGN(sqlite::Statement * select,
                impl_->store.statement("SELECT wrap FROM organisation_keys WHERE purpose = ?1"));
  XL_TRY_ASSIGN(const bool row, select->start(purpose));
  if (row) {
    auto key = detail::unwrap_or_altered(impl_->root.key.view(), select->blob(0), context,
                                         "an organisation's key");
    select->reset();
    return key;
  }
  select->reset();
  crypto::SecretBytes key = crypto::SecretBytes::random(32);
  XL_TRY_ASSIGN(const Bytes wrap, crypto::wrap_key(impl_->root.key.view(), key.view(), context));
  XL_TRY(impl_->store.run("INSERT INTO organisation_keys VALUES(?1, ?2)", purpose, ByteView(wrap)));
  return key;
}

Result<bool> Keyring::knows_patient(const model::Id& patient) {
  const std::lock_guard guard(impl_->mutex);
  XL_TRY_ASSIGN(
      const std::int64_t count,
      impl_->store.number("SELECT count(*) FROM patients WHERE patient = ?1", patient.view()));
  return count != 0;
}

Status Keyring::create_patients(std::span<const model::Id> patients) {
  XL_TRY(check_count(patients.size()));
  const std::lock_guard guard(impl_->mutex);
  detail::Store& store = impl_->store;
  XL_TRY_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::begin(store.database()));
  for (const model::Id& patient : patients) {
    const auto there = impl_->patient_key(patient.view());
    if (there.ok()) continue;
    if (there.error().code != ErrorCode::patient_unknown) return there.error();
    const crypto::SecretBytes key = crypto::SecretBytes::random(32);
    XL_TRY_ASSIGN(const Bytes wrap, crypto::wrap_key(impl_->root.key.view(), key.view(),
                                                     detail::patient_key_context(
                                                         impl_->organisation, patient.view())));
    XL_TRY(store.run("INSERT INTO patients(patient, wrap) VALUES(?1, ?2)", patient.view(),
                     ByteView(wrap)));
  }
  return transaction.commit();
}

Status Keyring::set_agreement_key(const model::Id& patient, ByteView public_key) {
  if (public_key.size() != crypto::x25519_key_bytes) return make_error(ErrorCode::key_malformed);
  const std::lock_guard guard(impl_->mutex);
  detail::Store& store = impl_->store;
  XL_TRY_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::begin(store.database()));
  XL_TRY_ASSIGN(const crypto::SecretBytes key, impl_->patient_key(patient.view()));
  // Refused here rather than at the next record: a key of small order takes no wrap.
  XL_TRY(crypto::wrap_for(public_key, key.view(), {}));
  XL_TRY(store.run("UPDATE patients SET agreement = ?2 WHERE patient = ?1", patient.view(),
                   public_key));
  XL_TRY(impl_->each_data_key(
      patient.view(), key.view(),
      [&](const RecordVersion& which, const crypto::SecretBytes& data_key) -> Status {
        XL_TRY_ASSIGN(const Bytes wrap,
                      crypto::wrap_for(public_key, data_key.view(),
                                       data_key_context(impl_->organisation, which)));
        return store.run(
            "UPDATE data_keys SET patient_wrap = ?3 WHERE record = ?1 AND version = ?2",
            which.record.view(), std::int64_t{which.version}, ByteView(wrap));
      }));
  return transaction.commit();
}

Status Keyring::check_new(const model::Id& patient, const RecordVersion& which) {
  const std::lock_guard guard(impl_->mutex);
  XL_TRY(impl_->patient_key(patient.view()));
  XL_TRY_ASSIGN(
      const std::int64_t there,
      impl_->store.number("SELECT count(*) FROM data_keys WHERE record = ?1 AND version = ?2",
                          which.record.view(), std::int64_t{which.version}));
  if (there != 0) return make_error(ErrorCode::record_version_exists, named(which));
  const Error why = impl_->missing(which);
  if (why.code != ErrorCode::record_unknown) return why;
  return {};
}

Status Keyring::add(std::span<const New> keys) {
  XL_TRY(check_count(keys.size()));
  const std::lock_guard guard(impl_->mutex);
  detail::Store& store = impl_->store;
  XL_TRY_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::begin(store.database()));
  for (const New& entry : keys) {
    XL_CHECK(entry.key.size() == 32);
    XL_TRY_ASSIGN(const crypto::SecretBytes patient_key, impl_->patient_key(entry.patient.view()));
    const Error why = impl_->missing(entry.which);
    if (why.code != ErrorCode::record_unknown) return why;
    const Bytes context = data_key_context(impl_->organisation, entry.which);
    XL_TRY_ASSIGN(const Bytes wrap, crypto::wrap_key(patient_key.view(), entry.key, context));
    const Status inserted = store.run("INSERT INTO data_keys VALUES(?1, ?2, ?3, ?4, ?5, ?6, NULL)",
                                      entry.which.record.view(), std::int64_t{entry.which.version},
                                      entry.patient.view(), ByteView(entry.body),
                                      ByteView(entry.commitment), ByteView(wrap));
    if (!inserted.ok()) {
      return inserted.error().code == ErrorCode::database_constraint
                 ? make_error(ErrorCode::record_version_exists, named(entry.which))
                 : inserted.error();
    }
    XL_TRY_ASSIGN(sqlite::Statement * select,
                  store.statement("SELECT agreement FROM patients WHERE patient = ?1"));
    XL_TRY(select->start(entry.patient.view()));
    const Bytes agreement = copy_of(select->blob(0));
    select->reset();
    if (agreement.empty()) continue;
    XL_TRY_ASSIGN(const Bytes for_patient, crypto::wrap_for(agreement, entry.key, context));
    XL_TRY(store.run("UPDATE data_keys SET patient_wrap = ?3 WHERE record = ?1 AND version = ?2",
                     entry.which.record.view(), std::int64_t{entry.which.version},
                     ByteView(for_patient)));
  }
  return transaction.commit();
}

Result<OpenedKey> Keyring::open_key(const RecordVersion& which) {
  const std::lock_guard guard(impl_->mutex);
  XL_TRY_ASSIGN(sqlite::Statement * select,
                impl_->store.statement("SELECT patient, body, commitment, wrap FROM data_keys"
                                       " WHERE record = ?1 AND version = ?2"));
  XL_TRY_ASSIGN(const bool row, select->start(which.record.view(), std::int64_t{which.version}));
  if (!row) return impl_->missing(which);
  OpenedKey out;
  XL_TRY_ASSIGN(out.patient, id_column(*select, 0));
  XL_TRY_ASSIGN(out.body, digest_column(*select, 1));
  XL_TRY_ASSIGN(out.commitment, digest_column(*select, 2));
  const Bytes wrap = copy_of(select->blob(3));
  select->reset();
  auto patient_key = impl_->patient_key(out.patient.view());
  if (!patient_key.ok()) {
    // A data key without its patient's key: the two rows go together.
    const ErrorCode code = patient_key.error().code;
    if (code == ErrorCode::patient_unknown || code == ErrorCode::patient_erased) {
      return make_error(ErrorCode::keyring_altered, named(which));
    }
    return patient_key.error();
  }
  XL_TRY_ASSIGN(out.key, detail::unwrap_or_altered(patient_key->view(), wrap,
                                                   data_key_context(impl_->organisation, which),
                                                   named(which)));
  return out;
}

Result<std::vector<KeptVersion>> Keyring::versions(const std::optional<RecordVersion>& after,
                                                   std::uint32_t count_max) {
  if (count_max > limits::vault_page_max) return make_error(ErrorCode::vault_batch_too_large);
  const std::lock_guard guard(impl_->mutex);
  const RecordVersion from = after.value_or(RecordVersion{});
  XL_TRY_ASSIGN(sqlite::Statement * select,
                impl_->store.statement("SELECT record, version, patient, body FROM data_keys "
                                       "WHERE (record, version) > (?1, ?2) "
                                       "ORDER BY record, version LIMIT ?3"));
  std::vector<KeptVersion> out;
  Result<bool> row =
      select->start(from.record.view(), std::int64_t{from.version}, std::int64_t{count_max});
  for (; row.ok() && *row; row = select->step()) {
    KeptVersion kept;
    XL_TRY_ASSIGN(kept.which.record, id_column(*select, 0));
    kept.which.version = static_cast<std::uint32_t>(select->integer(1));
    XL_TRY_ASSIGN(kept.patient, id_column(*select, 2));
    XL_TRY_ASSIGN(kept.body, digest_column(*select, 3));
    out.push_back(kept);
  }
  select->reset();
  if (!row.ok()) return row.error();
  return out;
}

Result<Bytes> Keyring::patient_wrap(const RecordVersion& which) {
  const std::lock_guard guard(impl_->mutex);
  XL_TRY_ASSIGN(sqlite::Statement * select,
                impl_->store.statement("SELECT patient_wrap FROM data_keys"
                                       " WHERE record = ?1 AND version = ?2"));
  XL_TRY_ASSIGN(const bool row, select->start(which.record.view(), std::int64_t{which.version}));
  if (!row) return impl_->missing(which);
  Bytes wrap = copy_of(select->blob(0));
  select->reset();
  if (wrap.empty()) return make_error(ErrorCode::patient_agreement_missing, named(which));
  return wrap;
}

Result<std::vector<Bytes>> Keyring::grant(std::span<const RecordVersion> versions,
                                          const Grantee& grantee, std::uint64_t given_ms) {
  XL_TRY(check_count(versions.size()));
  std::vector<Bytes> wraps;
  wraps.reserve(versions.size());
  for (const RecordVersion& which : versions) {
    XL_TRY_ASSIGN(const OpenedKey opened, open_key(which));
    XL_TRY_ASSIGN(Bytes wrap, crypto::wrap_for(grantee.public_key, opened.key.view(),
                                               data_key_context(impl_->organisation, which)));
    wraps.push_back(std::move(wrap));
  }
  const std::lock_guard guard(impl_->mutex);
  detail::Store& store = impl_->store;
  XL_TRY_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::begin(store.database()));
  for (const RecordVersion& which : versions) {
    // An erasure may have come between; a certificate must name everyone who got a key.
    XL_TRY_ASSIGN(const std::int64_t there,
                  store.number("SELECT count(*) FROM data_keys WHERE record = ?1 AND version = ?2",
                               which.record.view(), std::int64_t{which.version}));
    if (there == 0) return impl_->missing(which);
    XL_TRY(store.run(
        "INSERT INTO disclosures(record, version, grantee, given_ms) VALUES(?1, ?2, ?3, ?4)",
        which.record.view(), std::int64_t{which.version}, grantee.id.view(),
        detail::as_signed(given_ms)));
  }
  XL_TRY(transaction.commit());
  return wraps;
}

Status Keyring::disclose(std::span<const Disclosure> disclosures) {
  XL_TRY(check_count(disclosures.size()));
  const std::lock_guard guard(impl_->mutex);
  detail::Store& store = impl_->store;
  XL_TRY_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::begin(store.database()));
  for (const Disclosure& one : disclosures) {
    XL_TRY_ASSIGN(
        const std::int64_t known,
        store.number("SELECT count(*) FROM disclosures WHERE record = ?1"
                     " AND version = ?2 AND grantee = ?3",
                     one.which.record.view(), std::int64_t{one.which.version}, one.grantee.view()));
    if (known != 0) continue;
    XL_TRY(store.run(
        "INSERT INTO disclosures(record, version, grantee, given_ms) VALUES(?1, ?2, ?3, ?4)",
        one.which.record.view(), std::int64_t{one.which.version}, one.grantee.view(),
        detail::as_signed(one.given_ms)));
  }
  return transaction.commit();
}

Status Keyring::forget(std::span<const RecordVersion> versions) {
  XL_TRY(check_count(versions.size()));
  const std::lock_guard guard(impl_->mutex);
  XL_TRY_ASSIGN(sqlite::Transaction transaction,
                sqlite::Transaction::begin(impl_->store.database()));
  for (const RecordVersion& which : versions) {
    XL_TRY(impl_->store.run("DELETE FROM data_keys WHERE record = ?1 AND version = ?2",
                            which.record.view(), std::int64_t{which.version}));
  }
  return transaction.commit();
}

Status Keyring::rotate_patient(const model::Id& patient) {
  const std::lock_guard guard(impl_->mutex);
  detail::Store& store = impl_->store;
  XL_TRY_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::begin(store.database()));
  XL_TRY_ASSIGN(const crypto::SecretBytes former, impl_->patient_key(patient.view()));
  const crypto::SecretBytes fresh = crypto::SecretBytes::random(32);
  XL_TRY(impl_->each_data_key(
      patient.view(), former.view(),
      [&](const RecordVersion& which, const crypto::SecretBytes& data_key) -> Status {
        XL_TRY_ASSIGN(const Bytes wrap,
                      crypto::wrap_key(fresh.view(), data_key.view(),
                                       data_key_context(impl_->organisation, which)));
        return store.run("UPDATE data_keys SET wrap = ?3 WHERE record = ?1 AND version = ?2",
                         which.record.view(), std::int64_t{which.version}, ByteView(wrap));
      }));
  XL_TRY_ASSIGN(const Bytes wrap,
                crypto::wrap_key(impl_->root.key.view(), fresh.view(),
                                 detail::patient_key_context(impl_->organisation, patient.view())));
  XL_TRY(store.run("UPDATE patients SET wrap = ?2 WHERE patient = ?1", patient.view(),
                   ByteView(wrap)));
  XL_TRY(transaction.commit());
  return impl_->empty_log();  // it holds the former key's wraps
}

Status Keyring::verify() {
  const std::lock_guard guard(impl_->mutex);
  detail::Store& store = impl_->store;
  XL_TRY(store.database().check_integrity());
  Bytes after;
  while (true) {
    XL_TRY_ASSIGN(sqlite::Statement * next,
                  store.statement("SELECT patient FROM patients WHERE patient > ?1"
                                  " AND wrap IS NOT NULL ORDER BY patient LIMIT 1"));
    XL_TRY_ASSIGN(const bool row, next->start(ByteView(after)));
    if (!row) break;
    after = copy_of(next->blob(0));
    next->reset();
    XL_TRY_ASSIGN(const crypto::SecretBytes key, impl_->patient_key(after));
    XL_TRY(
        impl_->each_data_key(after, key.view(), [](const auto&, const auto&) { return Status{}; }));
  }
  XL_TRY_ASSIGN(const std::int64_t homeless,
                store.number("SELECT count(*) FROM data_keys WHERE patient NOT IN"
                             " (SELECT patient FROM patients WHERE wrap IS NOT NULL)"));
  if (homeless != 0) return make_error(ErrorCode::keyring_altered, "data keys without a patient");
  return {};
}

}  // namespace xl::vault
