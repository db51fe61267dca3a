// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <google/protobuf/message.h>

#include <string>

#include "base/bytes.h"

namespace xl::model {

/// Encodes a message deterministically: fields in ascending order, defaults omitted.
[[nodiscard]] Bytes encode(const google::protobuf::Message& message);

/// As `encode`, behind what `out` holds already.
void append_encoded(Bytes& out, const google::protobuf::Message& message);

/// True when `bytes`, from which `message` was parsed, are its only encoding. Thread-safe.
[[nodiscard]] bool is_canonical(ByteView bytes, const google::protobuf::Message& message);

/// Decodes `bytes` into `message` only if they are canonical: no unknown, repeated, unordered or
/// default field, no overlong integer, valid UTF-8 in strings. Implements "decode, re-encode,
/// compare". False otherwise; `message` is then unspecified. Thread-safe.
[[nodiscard]] bool decode_canonical(ByteView bytes, google::protobuf::Message& message);

}  // namespace xl::model
