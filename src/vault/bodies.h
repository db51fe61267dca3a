// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "vault/places.h"

namespace xl::vault {

/// The key of a body: suite ‖ SHA-256(ciphertext).
[[nodiscard]] SuiteDigest body_digest(ByteView ciphertext);

/// Ciphertexts addressed by their digest: durable when put, checked when read. It knows nothing of
/// keys or of what it holds. A body is *pending* from its put until its transaction is known to be
/// committed; one that never was is an orphan and goes. Every method is thread-safe.
class Bodies {
 public:
  /// Opens or makes the store in `directory`. Errors: vault_locked, vault_version_unsupported,
  /// file_unwritable, those of `sqlite::Database::open`.
  [[nodiscard]] static Result<std::unique_ptr<Bodies>> open(const std::filesystem::path& directory);
  ~Bodies();
  Bodies(const Bodies&) = delete;
  Bodies& operator=(const Bodies&) = delete;

  /// One body and whose it is.
  struct New {
    ByteView ciphertext;
    RecordVersion owner;
  };
  /// Stores all bodies or none, with one sync; they are durable when it returns. A body that is
  /// there already stays as it is: putting again is harmless. New ones are pending until
  /// `valid_until_ms`, the end of the validity of the transaction that anchors them.
  /// Errors: vault_batch_too_large, body_too_large, database_full, those of a database.
  [[nodiscard]] Result<std::vector<SuiteDigest>> put(std::span<const New> bodies,
                                                     std::uint64_t valid_until_ms);

  /// The body with this digest, hashed again. Errors: body_unknown, body_altered, those of a
  /// database.
  [[nodiscard]] Result<Bytes> get(const SuiteDigest& digest) const;

  /// True when the body is there; its content is not read.
  [[nodiscard]] Result<bool> contains(const SuiteDigest& digest) const;

  /// The transactions of these bodies are committed: they are kept. Bodies that are not there or
  /// not pending are passed over. Durable. Errors: vault_batch_too_large, those of a database.
  [[nodiscard]] Status confirm(std::span<const SuiteDigest> digests);

  /// A body whose transaction was not seen committed within its validity.
  struct Orphan {
    SuiteDigest digest{};
    RecordVersion owner;
    std::uint64_t valid_until_ms = 0;
  };
  /// True for a body that is there and pending. Errors: those of a database.
  [[nodiscard]] Result<bool> is_pending(const SuiteDigest& digest) const;

  /// At most `count_max` pending bodies with `valid_until_ms` < `now_ms`, oldest first. The caller
  /// asks the ledger before it removes one: a crash may have come between commit and `confirm`.
  /// Errors: vault_batch_too_large (`count_max` over `limits::vault_batch_max`), a database's.
  [[nodiscard]] Result<std::vector<Orphan>> orphans(std::uint64_t now_ms,
                                                    std::uint32_t count_max) const;

  /// Deletes bodies for good; digests that are not there are passed over. Durable.
  /// Errors: vault_batch_too_large, those of a database.
  [[nodiscard]] Status remove(std::span<const SuiteDigest> digests);

  struct Count {
    std::uint64_t bodies = 0;
    std::uint64_t pending = 0;
  };
  /// Cost: reads the index.
  [[nodiscard]] Result<Count> count() const;

  /// Reads and hashes every body, in pages, without holding others up; the first bad one is named
  /// in the error. Errors: body_altered, database_corrupt, those of a database.
  [[nodiscard]] Status verify() const;

 private:
  struct Impl;
  explicit Bodies(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace xl::vault
