// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/kdf.h"
#include "crypto/secret.h"
#include "model/id.h"
#include "vault/erasure.h"
#include "vault/places.h"

namespace xl::vault {

/// What opens an organisation's root key: a passphrase, or the 32-byte key of an operator's file.
/// Views what the caller holds. Exactly one of the two is set.
struct Unlock {
  std::string_view passphrase{};
  ByteView operator_key{};
  crypto::Argon2idCost cost{};  ///< of a new key file under a passphrase
};

/// What the keyring keeps of one record version.
struct OpenedKey {
  model::Id patient;
  SuiteDigest body{};        ///< digest of the ciphertext
  SuiteDigest commitment{};  ///< what was anchored
  crypto::SecretBytes key;   ///< 32 bytes
};

/// One version that the keyring has a key of.
struct KeptVersion {
  RecordVersion which;
  model::Id patient;
  SuiteDigest body{};
};

/// The keys of one organisation: root -> patient key -> one data key for each record version. Kept
/// apart from the bodies, encrypted, every change one durable transaction. Whoever has keyring and
/// passphrase reads everything; without the keyring bodies are noise. Every method is thread-safe.
class Keyring {
 public:
  /// Makes a keyring with a fresh root in `places.keyring`. An interrupted creation is begun again.
  /// Errors: keyring_exists, vault_locked, kdf_parameters_invalid, key_malformed, file_unwritable,
  /// those of a database. Cost: one Argon2id derivation under a passphrase.
  [[nodiscard]] static Result<std::unique_ptr<Keyring>> create(const Places& places,
                                                               const model::Id& organisation,
                                                               const Unlock& unlock);

  /// Opens a keyring. Errors: keyring_missing, passphrase_wrong or operator_key_wrong (wrong
  /// passphrase or key), root_superseded (the one before a rotation), root_rotation_unfinished,
  /// keyfile_malformed, keyring_altered, vault_locked, those of a database.
  /// Cost: one Argon2id derivation under a passphrase, two after an interrupted rotation.
  [[nodiscard]] static Result<std::unique_ptr<Keyring>> open(const Places& places,
                                                             const model::Id& organisation,
                                                             const Unlock& unlock);

  /// Makes a keyring in the empty `places.keyring` from a backup, opened with its key file in
  /// `backup_key`; both the key file and the root inside open with the `unlock` of the backup's
  /// day. Erasures after the backup must be applied again. Errors: backup_malformed,
  /// keyring_exists, those of `open`.
  [[nodiscard]] static Result<std::unique_ptr<Keyring>> restore(
      const Places& places, const model::Id& organisation, const std::filesystem::path& backup,
      const std::filesystem::path& backup_key, const Unlock& unlock);

  ~Keyring();
  Keyring(const Keyring&) = delete;
  Keyring& operator=(const Keyring&) = delete;

  [[nodiscard]] const model::Id& organisation() const;

  /// A 32-byte key of the organisation itself, for one purpose ("journal", "index"), made at its
  /// first use. It stays the same through rotations. Errors: keyring_altered, a database's.
  /// Precondition: a constant of the program, 1..32 bytes.
  [[nodiscard]] Result<crypto::SecretBytes> organisation_key(std::string_view purpose);

  /// True for a patient that has keys here or had them before an erasure. Errors: a database's.
  [[nodiscard]] Result<bool> knows_patient(const model::Id& patient);

  /// Makes keys for patients that have none. Errors: patient_erased, vault_batch_too_large, a
  /// database's.
  [[nodiscard]] Status create_patients(std::span<const model::Id> patients);

  /// Sets the patient's X25519 key and wraps every data key of the patient to it; data keys made
  /// later are wrapped to it too. Errors: patient_unknown, patient_erased, key_malformed,
  /// keyring_altered, a database's. Cost: 100 µs for each record version.
  [[nodiscard]] Status set_agreement_key(const model::Id& patient, ByteView public_key);

  /// One new data key and what it encrypted.
  struct New {
    model::Id patient;
    RecordVersion which;
    SuiteDigest body{};
    SuiteDigest commitment{};
    ByteView key;  ///< 32 bytes
  };
  /// Keeps data keys, all or none, with one sync. Errors: patient_unknown, patient_erased,
  /// record_version_exists, record_erased, vault_batch_too_large, keyring_altered, a database's.
  [[nodiscard]] Status add(std::span<const New> keys);

  /// Fails as `add` would for this version, changing nothing.
  [[nodiscard]] Status check_new(const model::Id& patient, const RecordVersion& which);

  /// The data key of one record version. Errors: record_unknown, record_erased, keyring_altered, a
  /// database's.
  [[nodiscard]] Result<OpenedKey> open_key(const RecordVersion& which);

  /// The versions behind `after` (nothing: from the first), by record and version, at most
  /// `count_max`. Errors: vault_batch_too_large (over `limits::vault_page_max`), keyring_altered, a
  /// database's.
  [[nodiscard]] Result<std::vector<KeptVersion>> versions(const std::optional<RecordVersion>& after,
                                                          std::uint32_t count_max);

  /// The data key as wrapped for the patient. Errors: record_unknown, record_erased,
  /// patient_agreement_missing, a database's.
  [[nodiscard]] Result<Bytes> patient_wrap(const RecordVersion& which);

  /// Whom a data key is given to.
  struct Grantee {
    model::Id id;         ///< DID of the person or organisation
    ByteView public_key;  ///< X25519, 32 bytes
  };
  /// The data keys wrapped for `grantee`, in order. The disclosures are recorded durably before the
  /// wraps are returned. Whether the grantee may have them was decided by the caller.
  /// Errors: record_unknown, record_erased, key_malformed, vault_batch_too_large, keyring_altered,
  /// a database's. Cost: 100 µs for each.
  [[nodiscard]] Result<std::vector<Bytes>> grant(std::span<const RecordVersion> versions,
                                                 const Grantee& grantee, std::uint64_t given_ms);

  /// Writes down that what these versions hold was shown to others, for the certificate of an
  /// erasure; before or after it. A version shown to the same grantee before is not listed again:
  /// the first time counts. Durable. Errors: vault_batch_too_large, a database's.
  [[nodiscard]] Status disclose(std::span<const Disclosure> disclosures);

  /// Drops the data key of a version that was never anchored, without certificate. Nothing happens
  /// when it is not there. Errors: a database's.
  [[nodiscard]] Status forget(std::span<const RecordVersion> versions);

  /// A fresh key for the patient; its data keys are wrapped again, bodies stay. All or nothing.
  /// Errors: patient_unknown, patient_erased, keyring_altered, a database's.
  [[nodiscard]] Status rotate_patient(const model::Id& patient);

  /// A fresh root under a new passphrase or key; patient keys are wrapped again, nothing below them
  /// changes. All or nothing: after a crash either the former or the new `unlock` opens.
  /// Errors: those of `create` for the key file, keyring_altered, a database's.
  [[nodiscard]] Status rotate_root(const Unlock& unlock);

  /// Destroys every wrap of one record version. Erasing again gives the first certificate.
  /// Errors: record_unknown, a database's.
  [[nodiscard]] Result<ErasureCertificate> erase_record(const RecordVersion& which,
                                                        std::uint64_t now_ms);

  /// Destroys the patient's key and every wrap of the patient's record versions. Erasing again
  /// gives the first certificate. Errors: patient_unknown, a database's.
  [[nodiscard]] Result<ErasureCertificate> erase_patient(const model::Id& patient,
                                                         std::uint64_t now_ms);

  /// Every erasure that was done here, by id. Errors: a database's.
  [[nodiscard]] Result<std::vector<model::Id>> erasures();

  /// The certificate of an erasure as of now: pending, then final. Errors: erasure_unknown, a
  /// database's.
  [[nodiscard]] Result<ErasureCertificate> certificate(const model::Id& erasure);

  /// The digests of the bodies whose keys an erasure destroyed, at most `limits::vault_batch_max`
  /// behind `after` (nothing for the first page). Errors: a database's.
  [[nodiscard]] Result<std::vector<SuiteDigest>> erased_bodies(
      const model::Id& erasure, const std::optional<SuiteDigest>& after);

  struct Backup {
    model::Id id;  ///< the key file is `places.backup_keys/<id>.key`
    std::uint64_t expires_ms = 0;
  };
  /// Writes the keyring to `file`, encrypted under a fresh backup key, which is kept in the folder
  /// of backup keys under `unlock` until it expires after 35 days. Others may use the keyring
  /// meanwhile. Errors: backup_keys_full, file_unwritable, those of `create` for the key file, a
  /// database's.
  [[nodiscard]] Result<Backup> backup(const std::filesystem::path& file, const Unlock& unlock,
                                      std::uint64_t now_ms);

  /// What a backup's file says of itself before anything opens it: not authenticated yet.
  struct BackupHeader {
    model::Id organisation;
    model::Id id;
    std::uint64_t created_ms = 0;
    std::uint64_t expires_ms = 0;
  };
  /// Errors: file_unreadable, backup_malformed.
  [[nodiscard]] static Result<BackupHeader> inspect_backup(const std::filesystem::path& file);

  /// Destroys the backup keys that expired, so that erasures before become final. The number of
  /// keys destroyed. Errors: file_unwritable, a database's.
  [[nodiscard]] Result<std::uint32_t> destroy_expired_backup_keys(std::uint64_t now_ms);

  /// Opens every wrap and checks the database's structure. Errors: keyring_altered (naming the
  /// record or patient), database_corrupt. Cost: reads everything, holding others up.
  [[nodiscard]] Status verify();

  struct Impl;  ///< of this folder's sources only

 private:
  explicit Keyring(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// What a data key's wraps are bound to: `unwrap` of a grant needs the same bytes.
[[nodiscard]] Bytes data_key_context(const model::Id& organisation, const RecordVersion& which);

}  // namespace xl::vault
