// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>

#include "contracts/api/contract.h"

/// Attributes of events from the values that contracts hold.
namespace xl::contracts {

/// The 16 bytes of an id.
[[nodiscard]] inline EventAttribute id_attribute(std::uint32_t key, const model::Id& id) {
  return {key, copy_of(id.view())};
}

/// Bytes as a message or a record carries them. Precondition: within
/// `limits::event_value_bytes_max`.
[[nodiscard]] inline EventAttribute bytes_attribute(std::uint32_t key, ByteView value) {
  return {key, copy_of(value)};
}

/// A number, big-endian, 8 bytes.
[[nodiscard]] inline EventAttribute number_attribute(std::uint32_t key, std::uint64_t value) {
  Bytes bytes;
  append_be(bytes, value);
  return {key, std::move(bytes)};
}

}  // namespace xl::contracts
