// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/bytes.h"
#include "base/result.h"

namespace xl {

/// Reads a whole file of at most `bytes_max` bytes.
/// Errors: file_missing, file_unreadable, file_too_large. Thread-safe.
[[nodiscard]] Result<Bytes> read_file(const std::filesystem::path& path, std::uint64_t bytes_max);

/// Replaces `path` atomically and durably: temporary file beside it, fsync, rename, fsync of the
/// directory. After success the bytes survive a power cut; after a failure or a crash the old
/// content is intact. `mode` holds the permission bits (octal), 0600 for anything secret.
/// Errors: file_unwritable (with the system's reason; a full disk is named).
[[nodiscard]] Status write_file_durably(const std::filesystem::path& path, ByteView content,
                                        unsigned mode = 0644);

/// Writes a file that must not take another's place: durably, where there is none, and not at all
/// where the same bytes are there already. Errors: file_exists (other bytes), file_unwritable.
[[nodiscard]] Status write_new_file(const std::filesystem::path& path, ByteView content);

/// Makes the entries of a directory durable. Errors: file_unwritable.
[[nodiscard]] Status sync_directory(const std::filesystem::path& directory);

}  // namespace xl
