// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"

/// The reasons for which the glass may be broken: a code of a closed list, and words that a review
/// can be made of. Off the chain, where only a commitment to them stands.
namespace xl::contracts::access {

/// One entry of the list, in both languages.
struct EmergencyReasonInfo {
  std::string_view code;
  std::string_view en;
  std::string_view zh;
};
/// The list, in its order.
[[nodiscard]] std::span<const EmergencyReasonInfo> emergency_reason_infos();

constexpr std::size_t emergency_text_characters_min = 10;
constexpr std::size_t emergency_text_bytes_max = 1024;

/// Unicode characters of a text that are not white space (the property White_Space, and those of no
/// width); bytes that are no UTF-8 count as nothing. Pure.
[[nodiscard]] std::size_t written_characters(std::string_view text);

/// Checks what a clinician gives as the reason: the code is one of the list, the text has
/// `emergency_text_characters_min` written characters at least, whatever the script, and
/// `emergency_text_bytes_max` bytes at most. Errors: emergency_code_unknown,
/// emergency_text_refused. Pure.
[[nodiscard]] Status check_emergency_reason(std::string_view code, std::string_view text);

}  // namespace xl::contracts::access
