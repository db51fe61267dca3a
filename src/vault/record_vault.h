// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/id.h"
#include "vault/bodies.h"
#include "vault/keyring.h"
#include "vault/places.h"

namespace xl::vault {

/// What the ledger's anchor of a record version says.
struct Anchored {
  SuiteDigest ciphertext_digest{};
  SuiteDigest commitment{};
};

/// A record version in the clear.
struct Opened {
  model::Id patient;
  Bytes content;
  Bytes labels;
};

/// What proves a commitment without showing the content: whoever has the content hashes it.
struct CommitmentOpening {
  Hash salt{};
  Hash content_digest{};  ///< SHA-256(content)
  Bytes labels;
  SuiteDigest commitment{};
};

/// suite ‖ tagged_hash("xinglin/commitment/v1", salt ‖ content_digest ‖ labels): hides all three as
/// long as the salt is secret, and can be opened to one content and its labels only.
[[nodiscard]] SuiteDigest commitment_of(const Hash& salt, const Hash& content_digest,
                                        ByteView labels);

/// Opens a body with a data key that was given to somebody (a grant or the patient's wrap), as the
/// grantee does, and checks it against the commitment that the ledger has: one ciphertext can be
/// made to open to two contents under two keys, a commitment cannot. Errors: record_altered
/// (another key, organisation, record, version or commitment; altered). The patient is not told.
[[nodiscard]] Result<Opened> open_body(const model::Id& organisation, const RecordVersion& which,
                                       ByteView data_key, ByteView ciphertext,
                                       const SuiteDigest& commitment);

/// One organisation's records: plaintext in, what is to be anchored out. Everything that a method
/// returns as done is durable. Holds the two stores by reference; thread-safe as they are.
class RecordVault {
 public:
  /// Precondition: both stores outlive this one.
  RecordVault(Bodies& bodies, Keyring& keyring) : bodies_(bodies), keyring_(keyring) {}

  /// One version of a record to be kept.
  struct New {
    model::Id patient;
    RecordVersion which;
    ByteView content;  ///< at most `limits::record_bytes_max`
    ByteView labels;   ///< class, confidentiality, codes, dates, author; sealed with the content
  };
  /// Encrypts each version under a fresh data key and keeps bodies and keys, all or none. Two syncs
  /// for the batch. The bodies are pending until `valid_until_ms`, the end of the validity of the
  /// transaction that will anchor them. After a crash before the return the caller may put again
  /// or ask `anchored`. Errors: body_too_large, labels_too_large, vault_batch_too_large,
  /// patient_unknown, patient_erased, record_version_exists, record_erased, database_full, those
  /// of the stores.
  [[nodiscard]] Result<std::vector<Anchored>> put_batch(std::span<const New> records,
                                                        std::uint64_t valid_until_ms);

  /// `put_batch` of one.
  [[nodiscard]] Result<Anchored> put(const New& record, std::uint64_t valid_until_ms);

  /// What is to be anchored for a version that is kept. Errors: record_unknown, record_erased,
  /// those of the stores.
  [[nodiscard]] Result<Anchored> anchored(const RecordVersion& which) const;

  /// The content and labels: digest of the body, its seal and the commitment are all checked.
  /// Errors: record_unknown, record_erased, body_unknown, body_altered, record_altered,
  /// keyring_altered, those of the stores.
  [[nodiscard]] Result<Opened> get(const RecordVersion& which) const;

  /// What the owner of the record discloses to prove its commitment. Errors: as `get`.
  [[nodiscard]] Result<CommitmentOpening> open_commitment(const RecordVersion& which) const;

  /// The transaction that anchors these versions is committed. Durable. Errors: record_unknown,
  /// record_erased, vault_batch_too_large, those of the stores.
  [[nodiscard]] Status confirm(std::span<const RecordVersion> versions);

  /// Removes versions that were never anchored: of at most `count_max` pending ones whose validity
  /// ended before `now_ms`, those for which `is_anchored` says so are confirmed, the others go with
  /// their keys. The number removed. Errors: vault_batch_too_large, those of the stores.
  [[nodiscard]] Result<std::uint32_t> collect_orphans(
      std::uint64_t now_ms, std::uint32_t count_max,
      const std::function<bool(const RecordVersion&)>& is_anchored);

  /// Destroys every wrap of a version, or of all of a patient, then this vault's copies of the
  /// bodies. Errors: those of `Keyring::erase_record` and `erase_patient`, those of the stores.
  [[nodiscard]] Result<ErasureCertificate> erase(const RecordVersion& which, std::uint64_t now_ms);
  [[nodiscard]] Result<ErasureCertificate> erase_patient(const model::Id& patient,
                                                         std::uint64_t now_ms);

 private:
  struct Checked;
  [[nodiscard]] Result<Checked> open_checked(const RecordVersion& which) const;
  [[nodiscard]] Result<ErasureCertificate> remove_bodies(ErasureCertificate certificate);

  Bodies& bodies_;
  Keyring& keyring_;
};

}  // namespace xl::vault
