// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "contracts/identity/view.h"

/// How numbers of the ledger are written and read by people.
namespace xl::cli {

/// `physician`, `emergency-physician`, …; nothing, or empty, for another.
[[nodiscard]] std::optional<std::uint32_t> role_of_word(std::string_view word);
[[nodiscard]] std::string_view role_word(std::uint32_t role);

/// All of them, and all words of `licence_of_word`.
[[nodiscard]] std::vector<std::string> role_word_list();
[[nodiscard]] std::vector<std::string> licence_word_list();

/// The roles of these words, ascending, without repetition. Errors: usage_invalid (lists them).
[[nodiscard]] Result<std::vector<std::uint32_t>> roles_of_words(
    const std::vector<std::string>& words);

/// `none`, `medical`, `nursing`, …. Errors: usage_invalid (lists them).
[[nodiscard]] Result<std::uint32_t> licence_of_word(std::string_view word);

/// The first millisecond behind the day `YYYY-MM-DD` (UTC): "until DATE" includes that day. Years
/// 1970 to 2199. Errors: usage_invalid (names `option`).
[[nodiscard]] Result<std::uint64_t> end_of_day_ms(std::string_view date, std::string_view option);

/// The first millisecond of the day, which may lie before 1970 as data may: years 1800 to 2199.
/// Errors: as `end_of_day_ms`.
[[nodiscard]] Result<std::int64_t> start_of_day_ms(std::string_view date, std::string_view option);

/// `2026-03-01`, the day (UTC) of this millisecond.
[[nodiscard]] std::string day_text(std::int64_t milliseconds);

/// `2026-03-01 09:30:00Z`; `-` for 0.
[[nodiscard]] std::string time_text(std::uint64_t milliseconds);

/// `6.2 MB`.
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);

/// Thousandths as `12.3`: one decimal, rounded down.
[[nodiscard]] std::string tenths_text(std::uint64_t thousandths);

}  // namespace xl::cli
