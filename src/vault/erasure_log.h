// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "vault/keyring.h"

namespace xl::vault {

/// One erasure that was asked for: of one record version, or of everything of a patient.
struct AskedErasure {
  model::Id id;  ///< of this entry
  model::Id patient;
  std::optional<RecordVersion> record;  ///< none: everything of the patient
  std::uint64_t asked_ms = 0;
  std::optional<model::Id> certificate;  ///< none until the wraps are destroyed
  bool done = false;                     ///< wraps, bodies and index are gone
};

/// How far the ledger knows of a record's erasure. On-disk numbers.
enum class StatedErasure : std::uint8_t { nothing = 0, pending = 1, complete = 2 };

/// A record all of whose versions were erased, and the certificate of the last of them.
struct ErasedRecord {
  model::Id record;
  model::Id certificate;
  StatedErasure stated = StatedErasure::nothing;
};

/// What an organisation was asked to erase and how far that is, beside the keyring and encrypted
/// under a key of it: an erasure that a crash interrupts goes on from here, one that a restored
/// keyring has forgotten is applied again, and who asks for an erased record is told so. Names are
/// kept as keyed digests only. Thread-safe.
class ErasureLog {
 public:
  /// Where the log of a vault lies: beside its keyring.
  [[nodiscard]] static std::filesystem::path path_in(const Places& places);

  /// Opens or makes the log under the keyring's key for the purpose `erasures`. Errors:
  /// vault_version_unsupported, keyring_altered, those of a database (database_key_wrong: the
  /// keyring is another one).
  [[nodiscard]] static Result<std::unique_ptr<ErasureLog>> open(const Places& places,
                                                                Keyring& keyring);
  ~ErasureLog();
  ErasureLog(const ErasureLog&) = delete;
  ErasureLog& operator=(const ErasureLog&) = delete;

  /// Writes down, durably and all or none, that these are to be erased, and under which names who
  /// asks shall be told. Errors: vault_batch_too_large, those of a database.
  [[nodiscard]] Status ask(const std::vector<AskedErasure>& erasures,
                           const std::vector<std::string>& names);
  /// The wraps are destroyed. Errors: a database's.
  [[nodiscard]] Status certified(const model::Id& id, const model::Id& certificate);
  /// Nothing is left to do in the vault and the index. Errors: a database's.
  [[nodiscard]] Status done(const model::Id& id);

  /// Every entry behind `after`, by id, at most `limits::vault_page_max`; with `open_only` those
  /// that are not done. Errors: a database's.
  [[nodiscard]] Result<std::vector<AskedErasure>> entries(const std::optional<model::Id>& after,
                                                          bool open_only);

  /// True when an erasure was asked for under this name. Errors: a database's.
  [[nodiscard]] Result<bool> knows(const std::string& name);

  /// The record's last version was erased; nothing changes when it is known. Errors: a database's.
  [[nodiscard]] Status add_record(const model::Id& record, const model::Id& certificate);
  [[nodiscard]] Status stated(const model::Id& record, StatedErasure state);
  /// Records that the ledger does not know as complete, behind `after`, at most
  /// `limits::vault_page_max`. Errors: a database's.
  [[nodiscard]] Result<std::vector<ErasedRecord>> unstated(const std::optional<model::Id>& after);

  /// Looks for each of these erasures of the keyring. Errors: erasure_unknown (names the first that
  /// is not there), those of a database.
  [[nodiscard]] Status holds(const std::vector<model::Id>& erasures);
  /// Reads every page of the file, then as `holds`. Errors: also database_corrupt.
  [[nodiscard]] Status verify(const std::vector<model::Id>& erasures);

  struct Impl;

 private:
  explicit ErasureLog(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Destroys again, in a keyring restored from a backup, what the log says was erased; each such
/// entry is open again, so that bodies and index follow at the node's next start. The number of
/// entries whose wraps were back. Errors: those of the log and of `Keyring::erase_record`.
[[nodiscard]] Result<std::uint64_t> erase_again(Keyring& keyring, const Places& places,
                                                std::uint64_t now_ms);

}  // namespace xl::vault
