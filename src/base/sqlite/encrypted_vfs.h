// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"

/// For the sources of this folder only.
namespace xl::sqlite::detail {

/// A virtual file system of SQLite that encrypts what passes through it to the system's own one.
/// Registered with SQLite while it lives, under a name of its own; used by one connection.
class EncryptedVfs {
 public:
  /// Precondition: `key` is 32 bytes.
  explicit EncryptedVfs(ByteView key);
  ~EncryptedVfs();
  EncryptedVfs(const EncryptedVfs&) = delete;
  EncryptedVfs& operator=(const EncryptedVfs&) = delete;

  [[nodiscard]] const std::string& name() const;
  /// True when a database was refused because its first bytes do not open with the key.
  [[nodiscard]] bool key_refused() const;

  struct Impl;  ///< what SQLite's callbacks are given

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace xl::sqlite::detail
