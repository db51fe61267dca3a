// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>

#include "base/result.h"

namespace xl::custody {

/// How far an organisation's record index was written, kept apart from it: an index that is lost,
/// or older than what was written, is known by it. The file holds 20 digits. Thread-safe.
class IndexMark {
 public:
  /// Goes on with the mark in `file`, or with 0 where there is none. Errors: file_unreadable,
  /// file_unwritable, store_corrupt (not a number).
  [[nodiscard]] static Result<std::unique_ptr<IndexMark>> open(const std::filesystem::path& file);
  ~IndexMark();
  IndexMark(const IndexMark&) = delete;
  IndexMark& operator=(const IndexMark&) = delete;

  [[nodiscard]] std::uint64_t value() const;
  /// The index was durably written up to `value`; less than before changes nothing. Survives the
  /// end of the process at once, a power cut once the system wrote it back. Errors:
  /// file_unwritable.
  [[nodiscard]] Status advance(std::uint64_t value);
  /// The index was made again. Errors: file_unwritable.
  [[nodiscard]] Status reset(std::uint64_t value);

 private:
  IndexMark(int file, std::uint64_t value) : file_(file), value_(value) {}
  [[nodiscard]] Status write(std::uint64_t value);

  int file_;
  mutable std::mutex mutex_;  // guards value_
  std::uint64_t value_;
};

}  // namespace xl::custody
