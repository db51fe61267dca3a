// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <iosfwd>
#include <span>

#include "base/bytes.h"

namespace xl::crypto {

/// Overwrites memory in a way the compiler may not drop. Thread-safe for distinct memory.
void wipe(std::span<std::uint8_t> memory);

/// True when both views hold the same bytes. Takes the same time wherever they differ; lengths are
/// not secret. Thread-safe.
[[nodiscard]] bool equal_constant_time(ByteView a, ByteView b);

/// Secret bytes of a fixed length: wiped when destroyed or moved from, never copied silently, never
/// printed. Not thread-safe for writing.
class SecretBytes {
 public:
  SecretBytes() = default;
  /// `size` zero bytes, to be filled through `mutable_view`.
  explicit SecretBytes(std::size_t size) : bytes_(size) {}
  /// A copy of `bytes`; the caller wipes the original.
  [[nodiscard]] static SecretBytes copy_of(ByteView bytes);
  /// `size` bytes from the system's random source.
  [[nodiscard]] static SecretBytes random(std::size_t size);

  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  [[nodiscard]] ByteView view() const { return bytes_; }
  [[nodiscard]] std::span<std::uint8_t> mutable_view() { return bytes_; }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }

  friend std::ostream& operator<<(std::ostream&, const SecretBytes&) = delete;

 private:
  Bytes bytes_;  // never grows: a reallocation would leave an unwiped copy behind
};

}  // namespace xl::crypto
