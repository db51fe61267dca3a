// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <filesystem>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "model/id.h"

namespace xl::vault {

/// Suite byte ‖ 32 bytes: a digest that leaves the vault.
using SuiteDigest = std::array<std::uint8_t, 33>;

/// One version of one health record.
struct RecordVersion {
  model::Id record;
  std::uint32_t version = 0;  ///< from 1
  auto operator<=>(const RecordVersion&) const = default;
};

/// Where one organisation's vault is. Bodies go to replicas and ordinary backups; keyring and
/// backup keys must be on neither, and backup keys best on another disk than the keyring.
struct Places {
  std::filesystem::path bodies;
  std::filesystem::path keyring;
  std::filesystem::path backup_keys;
  std::filesystem::path journal;
};

/// The folders below `root`, led by the organisation's id: `root/<id>/bodies` and so on.
[[nodiscard]] Places places_below(const std::filesystem::path& root, const model::Id& organisation);

/// Makes a folder and those above it, mode 0700, durable. Nothing happens when it is there.
/// Errors: file_unwritable.
[[nodiscard]] Status make_private_directory(const std::filesystem::path& directory);

/// Keeps a second process out of a folder for as long as it lives.
class DirectoryLock {
 public:
  static constexpr std::string_view file_name = "lock";
  /// Errors: vault_locked, file_unwritable.
  [[nodiscard]] static Result<DirectoryLock> take(const std::filesystem::path& directory);
  DirectoryLock(DirectoryLock&& other) noexcept;
  DirectoryLock& operator=(DirectoryLock&& other) noexcept;
  ~DirectoryLock();

 private:
  explicit DirectoryLock(int file) : file_(file) {}
  int file_ = -1;
};

}  // namespace xl::vault
