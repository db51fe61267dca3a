// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <array>
#include <compare>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/suite.h"
#include "model/limits.h"

namespace xl::model {

/// A 128-bit identifier, chosen at random by whoever creates the thing. Text form: 26 characters of
/// RFC 4648 base32 in lower case without padding.
struct Id {
  std::array<std::uint8_t, limits::id_bytes> bytes{};

  [[nodiscard]] ByteView view() const { return bytes; }
  [[nodiscard]] bool is_zero() const;
  [[nodiscard]] std::string text() const;
  auto operator<=>(const Id&) const = default;
};

/// Reads exactly 16 bytes that are not all zero. Errors: identifier_malformed.
[[nodiscard]] Result<Id> id_from_bytes(ByteView bytes);

/// Reads the 26-character text form, canonical only. Errors: identifier_malformed.
[[nodiscard]] Result<Id> id_from_text(std::string_view text);

constexpr std::string_view did_prefix = "did:xinglin:";

/// The DID of an `Id`: `did:xinglin:` and its text form (W3C DID Core §3.1).
[[nodiscard]] std::string did_text(const Id& id);

/// Reads a DID of this method. Errors: identifier_malformed.
[[nodiscard]] Result<Id> id_from_did(std::string_view did);

/// The id of a key: a digest of its algorithm and public key, so that an id can never come to mean
/// another key.
[[nodiscard]] Hash key_id_of(crypto::Algorithm algorithm, ByteView public_key);

}  // namespace xl::model
