// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "model/id.h"

#include <algorithm>

#include "crypto/hash.h"
#include "model/tags.h"

namespace xl::model {
namespace {

constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::size_t text_length = 26;  // ceil(128 / 5); the last character carries 3 bits

}  // namespace

bool Id::is_zero() const {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

std::string Id::text() const {
  std::string out;
  out.reserve(text_length);
  std::uint32_t group = 0;
  unsigned bits = 0;
  for (const std::uint8_t byte : bytes) {
    group = group << 8 | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      out.push_back(alphabet[group >> bits & 31]);
    }
  }
  out.push_back(alphabet[group << (5 - bits) & 31]);
  return out;
}

Result<Id> id_from_bytes(ByteView bytes) {
  Id id;
  if (bytes.size() != id.bytes.size()) return make_error(ErrorCode::identifier_malformed);
  std::copy(bytes.begin(), bytes.end(), id.bytes.begin());
  if (id.is_zero()) return make_error(ErrorCode::identifier_malformed);
  return id;
}

Result<Id> id_from_text(std::string_view text) {
  if (text.size() != text_length) return make_error(ErrorCode::identifier_malformed);
  Bytes decoded;
  std::uint32_t group = 0;
  unsigned bits = 0;
  for (const char c : text) {
    const auto value = alphabet.find(c);
    if (value == std::string_view::npos) return make_error(ErrorCode::identifier_malformed);
    group = group << 5 | static_cast<std::uint32_t>(value);
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      decoded.push_back(static_cast<std::uint8_t>(group >> bits));
      group &= (1U << bits) - 1;
    }
  }
  if (group != 0)
    return make_error(ErrorCode::identifier_malformed);  // unused bits: one text per id
  return id_from_bytes(decoded);
}

std::string did_text(const Id& id) { return std::string(did_prefix) + id.text(); }

Result<Id> id_from_did(std::string_view did) {
  if (!did.starts_with(did_prefix)) return make_error(ErrorCode::identifier_malformed);
  return id_from_text(did.substr(did_prefix.size()));
}

Hash key_id_of(crypto::Algorithm algorithm, ByteView public_key) {
  const std::uint8_t number = static_cast<std::uint8_t>(algorithm);
  return crypto::tagged_hash(tags::key_id, {{&number, 1}, public_key});
}

}  // namespace xl::model
