// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "base/codec.h"

/// For the sources of this folder only: the byte layouts of docs/reference/formats-vault.md.
namespace xl::vault::detail {

/// tag ‖ 00 ‖ suite 01 ‖ parts: associated data and contexts of wraps.
[[nodiscard]] Bytes bound_to(std::string_view tag, std::initializer_list<ByteView> parts);

/// A number as 4 or 8 bytes, big-endian, for `bound_to`.
[[nodiscard]] Bytes be32(std::uint32_t value);
[[nodiscard]] Bytes be64(std::uint64_t value);

}  // namespace xl::vault::detail
