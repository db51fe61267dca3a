// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

/// For the sources of the record index only.
namespace xl::query::detail {

/// Random, new whenever the index is filled again: row numbers mean nothing beyond it.
using Generation = std::array<std::uint8_t, 8>;

/// Where a page ended.
struct Cursor {
  Generation generation{};
  std::uint64_t snapshot = 0;  ///< last row of the index at the first page
  std::uint64_t row = 0;       ///< last row given
};

/// The text of a cursor: base64url of version 1 ‖ AES-256-GCM (query digest ‖ generation ‖
/// snapshot ‖ row). Sealed, not only authenticated: row numbers count other patients' records.
/// Thread-safe.
[[nodiscard]] std::string seal_cursor(ByteView cursor_key, const Hash& query, const Cursor& cursor);

/// Reads a cursor. Errors: cursor_forged (altered, cut, of another index or version),
/// cursor_mismatched (of another query). Thread-safe.
[[nodiscard]] Result<Cursor> open_cursor(ByteView cursor_key, const Hash& query,
                                         std::string_view text);

}  // namespace xl::query::detail
