// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"

/// The two bases of Multibase (draft-multiformats-multibase-08) that DIDs and credentials use.
namespace xl::credentials {

constexpr std::size_t base58_bytes_max = 512;

/// Bitcoin's base 58, without the leading `z`. Cost: quadratic, so for keys and signatures only.
[[nodiscard]] std::string to_base58(ByteView bytes);

/// False when `text` is no base 58, or of more than `base58_bytes_max` characters.
[[nodiscard]] bool from_base58(std::string_view text, Bytes& out);

/// `z` and base 58, or `u` and base64url. False for anything else.
[[nodiscard]] bool from_multibase(std::string_view text, Bytes& out);

}  // namespace xl::credentials
