// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <google/protobuf/message.h>

#include "base/bytes.h"
#include "base/check.h"
#include "model/canonical.h"
#include "model/id.h"
#include "model/kv.h"

namespace xl::contracts {

/// Version byte that leads every state value written by this program.
constexpr std::uint8_t state_value_version = 1;

/// A state key: contract number ‖ table letter ‖ fields of fixed width.
template <typename... Parts>
[[nodiscard]] Bytes state_key(std::uint8_t contract, char table, const Parts&... parts) {
  Bytes key;
  key.reserve(64);
  key.push_back(contract);
  key.push_back(static_cast<std::uint8_t>(table));
  (append(key, ByteView(parts)), ...);
  return key;
}

/// Reads the value of `key` into `record`. False when there is none. A value that does not decode
/// was never written by a contract, so the store is unsafe and the process stops.
[[nodiscard]] bool load_record(const model::StateReader& state, ByteView key,
                               google::protobuf::Message& record);

/// Writes `record` under `key` with the version byte in front.
void store_record(model::StateWriter& state, ByteView key, const google::protobuf::Message& record);

/// Decodes one stored value (version byte ‖ canonical protobuf). False when malformed.
[[nodiscard]] bool decode_record(ByteView value, google::protobuf::Message& record);

}  // namespace xl::contracts
