// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>

#include "base/bytes.h"

/// Canonical protobuf written straight into a buffer, for the few messages that every transaction
/// makes anew: building a message object costs an allocation per field. The caller writes fields in
/// ascending order; defaults leave nothing, as in `encode`.
namespace xl::model::wire_writer {

/// Bytes that `value` takes as a varint.
[[nodiscard]] constexpr std::size_t varint_size(std::uint64_t value) {
  std::size_t size = 1;
  for (; value >= 0x80; value >>= 7U) ++size;
  return size;
}

/// Appends a varint, shortest form.
inline void append_varint(Bytes& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U) out.push_back(static_cast<std::uint8_t>(value | 0x80U));
  out.push_back(static_cast<std::uint8_t>(value));
}

/// Appends field `number` (1..15) of an unsigned integer type; nothing for 0.
inline void append_number(Bytes& out, std::uint32_t number, std::uint64_t value) {
  if (value == 0) return;
  out.push_back(static_cast<std::uint8_t>(number << 3U));
  append_varint(out, value);
}

/// Appends what leads a length-delimited field `number` (1..15) of `size` bytes.
inline void append_length(Bytes& out, std::uint32_t number, std::size_t size) {
  out.push_back(static_cast<std::uint8_t>(number << 3U | 2U));
  append_varint(out, size);
}

/// Appends field `number` (1..15) of type bytes, as an element of a list: present when empty too.
inline void append_element(Bytes& out, std::uint32_t number, ByteView value) {
  append_length(out, number, value.size());
  append(out, value);
}

/// Appends field `number` (1..15) of type bytes; nothing when empty.
inline void append_bytes(Bytes& out, std::uint32_t number, ByteView value) {
  if (!value.empty()) append_element(out, number, value);
}

}  // namespace xl::model::wire_writer
