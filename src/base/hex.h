// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "base/bytes.h"

/// Hexadecimal as others write it. This product's own is lower-case alone (`to_hex`, `from_hex` of
/// base/bytes.h), so that bytes have one text.
namespace xl {

/// Upper-case hexadecimal, two digits per byte, as CometBFT's JSON has it.
[[nodiscard]] std::string to_upper_hex(ByteView bytes);

/// Decodes upper-case hexadecimal of even length. False when `text` is anything else.
[[nodiscard]] bool from_upper_hex(std::string_view text, Bytes& out);

/// Decodes hexadecimal of either case and even length: for escapes (RFC 3986 §2.1, RFC 8259 §7) and
/// for what people type. False when `text` is anything else.
[[nodiscard]] bool from_any_hex(std::string_view text, Bytes& out);

}  // namespace xl
