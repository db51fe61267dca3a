// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <filesystem>
#include <utility>

#include "chain/chain.h"

namespace xl::ordering::solo {

/// A block that was signed.
struct Signed {
  std::uint64_t height = 0;
  Hash block{};  ///< hash of its header
};

/// What a mark names. Errors: file_missing, file_unreadable, signed_history_differs (not a mark).
[[nodiscard]] Result<Signed> read_mark(const std::filesystem::path& file);

/// What the validator signed last, kept apart from the ledger: a ledger whose end was cut off is
/// known by it, and no second history is signed. The file holds one line,
/// `HEIGHT HASH`. Whoever brings back ledger and mark of an older day is not found out by
/// it; the receipts that others hold do that.
class SigningMark {
 public:
  /// Goes on with the mark in `file`, which is made when the chain has no signed block yet.
  /// Errors: signed_history_differs (there is no mark, or the chain does not hold what it names),
  /// file_unreadable, file_unwritable, store_corrupt.
  [[nodiscard]] static Result<SigningMark> open(const std::filesystem::path& file,
                                                const chain::Chain& chain);
  ~SigningMark();
  SigningMark(SigningMark&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  SigningMark(const SigningMark&) = delete;
  SigningMark& operator=(const SigningMark&) = delete;

  /// Notes a signed block that is durable in the chain. Survives the end of the process at once,
  /// a power cut when the system wrote it back: until then the mark names an earlier block, which
  /// is as true. Errors: file_unwritable.
  [[nodiscard]] Status advance(std::uint64_t height, const Hash& block);

 private:
  explicit SigningMark(int file) : file_(file) {}
  int file_;
};

}  // namespace xl::ordering::solo
