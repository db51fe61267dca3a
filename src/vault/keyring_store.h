// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <functional>
#include <mutex>

#include "vault/keyring.h"
#include "vault/statements.h"

/// For the sources of the keyring only.
namespace xl::vault {

namespace detail {

/// A root key and what it opens beside patient keys.
struct Root {
  std::uint64_t generation = 0;
  crypto::SecretBytes key;           ///< 32 bytes: wraps patient keys and organisation keys
  crypto::SecretBytes database_key;  ///< 32 bytes: encrypts the keyring's database
};

/// `root.<generation>`: a key file (96 bytes) ‖ the database's key, wrapped under the root (61).
[[nodiscard]] std::filesystem::path root_path(const std::filesystem::path& directory,
                                              std::uint64_t generation);
[[nodiscard]] Result<Bytes> seal_root(const Root& root, const model::Id& organisation,
                                      const Unlock& unlock);
[[nodiscard]] Result<Root> open_root(ByteView file, std::uint64_t generation,
                                     const model::Id& organisation, const Unlock& unlock);
/// Generations that have a file in `directory`, descending; at most a few.
[[nodiscard]] std::vector<std::uint64_t> root_generations(const std::filesystem::path& directory);

/// A secret of 32 bytes in a key file of kind `root`.
[[nodiscard]] Result<Bytes> seal_secret(ByteView secret, const Unlock& unlock);
[[nodiscard]] Result<crypto::SecretBytes> open_secret_file(ByteView file, const Unlock& unlock);

/// Wraps and their contexts (formats-vault.md §4).
[[nodiscard]] Bytes patient_key_context(const model::Id& organisation, ByteView patient);
[[nodiscard]] Bytes organisation_key_context(const model::Id& organisation,
                                             std::string_view purpose);
/// `unwrap_key`, where any failure means that the keyring was altered at `what`.
[[nodiscard]] Result<crypto::SecretBytes> unwrap_or_altered(ByteView key, ByteView wrapped,
                                                            ByteView context,
                                                            std::string_view what);

/// Opens `keyring.db`; makes its tables when it is new. Errors: those of a database.
[[nodiscard]] Result<sqlite::Database> open_keyring_database(const std::filesystem::path& directory,
                                                             ByteView key);

}  // namespace detail

/// What the keyring's sources share.
struct Keyring::Impl {
  Impl(Places where, const model::Id& whose, DirectoryLock taken, detail::Root opened,
       sqlite::Database database)
      : places(std::move(where)),
        organisation(whose),
        lock(std::move(taken)),
        root(std::move(opened)),
        store(std::move(database)) {}

  Places places;
  model::Id organisation;
  DirectoryLock lock;
  std::mutex mutex;  // guards what follows
  detail::Root root;
  detail::Store store;

  /// The key of a patient. Errors: patient_unknown, patient_erased, keyring_altered, a database's.
  [[nodiscard]] Result<crypto::SecretBytes> patient_key(ByteView patient);

  /// Replaces the wraps of all data keys of a patient, page by page, inside a transaction: `rewrap`
  /// is given record, version and data key and says the new custodian wrap.
  using Rewrap = std::function<Status(const RecordVersion&, const crypto::SecretBytes& data_key)>;
  [[nodiscard]] Status each_data_key(ByteView patient, ByteView patient_key, const Rewrap& rewrap);

  /// Moves the log into the database, where deleted content is overwritten. While a backup reads,
  /// the log stays; the backup empties it at its end. Errors: a database's.
  [[nodiscard]] Status empty_log();

  /// Wraps every key of a table under `fresh` instead of the present root, in a transaction.
  [[nodiscard]] Status rewrap_patients(ByteView fresh);
  [[nodiscard]] Status rewrap_organisation_keys(ByteView fresh);
  [[nodiscard]] Result<Bytes> rewrapped(ByteView fresh, ByteView wrap, ByteView context,
                                        std::string_view what) const;

  /// Why there is no row for a version: record_erased or record_unknown.
  [[nodiscard]] Error missing(const RecordVersion& which);
};

/// Bytes of a column as an id. Errors: keyring_altered.
[[nodiscard]] Result<model::Id> id_column(const sqlite::Statement& row, int column);
/// Bytes of a column as a digest. Errors: keyring_altered.
[[nodiscard]] Result<SuiteDigest> digest_column(const sqlite::Statement& row, int column);

}  // namespace xl::vault
