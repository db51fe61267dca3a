// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string_view>

#include "base/bytes.h"

namespace xl::crypto {

/// SHA-256 (FIPS 180-4) of one message: 0.08 µs for 64 bytes.
/// Thread-safe.
[[nodiscard]] Hash sha256(ByteView message);

/// SHA-256 of the concatenation of `parts`. Thread-safe.
[[nodiscard]] Hash sha256(std::initializer_list<ByteView> parts);

/// SHA-256(tag ‖ 0x00 ‖ suite ‖ parts…): every digest of the ledger that is not a tree node. `tag`
/// is one of `model/tags.h`, ASCII without NUL, so no digest of one kind can be taken for another.
/// Thread-safe.
[[nodiscard]] Hash tagged_hash(std::string_view tag, std::initializer_list<ByteView> parts);

/// tag ‖ 0x00 ‖ suite ‖ parts…: what is signed, and what ciphertexts are bound to. Thread-safe.
[[nodiscard]] Bytes tagged_bytes(std::string_view tag, std::initializer_list<ByteView> parts);

/// SipHash-2-4 (Aumasson and Bernstein 2012): a keyed 64-bit digest for tables, whose collisions
/// nobody without the key can make. No commitment, and no proof of anything.
/// Precondition: the key is 16 bytes. Thread-safe.
[[nodiscard]] std::uint64_t short_hash(ByteView key, ByteView message);

/// Incremental SHA-256. Not thread-safe; one object hashes one message.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void update(ByteView bytes);
  /// The digest. Precondition: not called before.
  [[nodiscard]] Hash finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace xl::crypto
