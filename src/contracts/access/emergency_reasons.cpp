// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/access/emergency_reasons.h"

#include <algorithm>
#include <array>

namespace xl::contracts::access {
namespace {

constexpr auto reason_infos = std::to_array<EmergencyReasonInfo>({
#define XL_EMERGENCY_REASON(code, en, zh) {code, en, zh},
#include "contracts/access/emergency_reasons.def"
#undef XL_EMERGENCY_REASON
});

/// The property White_Space (Unicode 15.1, PropList.txt), and what has no width.
constexpr bool is_blank(char32_t point) {
  return (point >= 0x09 && point <= 0x0D) || point == 0x20 || point == 0x85 || point == 0xA0 ||
         point == 0xAD || point == 0x1680 || (point >= 0x2000 && point <= 0x200F) ||
         (point >= 0x2028 && point <= 0x202F) || (point >= 0x205F && point <= 0x206F) ||
         point == 0x3000 || point == 0x3164 || point == 0xFEFF;
}

/// The character at the beginning of `text`, which goes on behind it; nothing for what is no UTF-8
/// (RFC 3629), of which one byte is passed over.
std::optional<char32_t> take_character(std::string_view& text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char first = byte(0);
  const std::size_t length = first < 0x80   ? 1
                             : first < 0xC2 ? 0
                             : first < 0xE0 ? 2
                             : first < 0xF0 ? 3
                             : first < 0xF5 ? 4
                                            : 0;
  const bool whole = length != 0 && length <= text.size();
  char32_t point = length <= 1 ? first : first & (0xFFU >> (length + 1));
  bool good = whole;
  for (std::size_t at = 1; good && at < length; ++at) {
    good = (byte(at) & 0xC0U) == 0x80U;
    point = (point << 6U) | (byte(at) & 0x3FU);
  }
  constexpr std::array<char32_t, 5> least = {0, 0, 0x80, 0x800, 0x10000};
  good = good && point >= least[length] && point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF);
  text.remove_prefix(good ? length : 1);
  return good ? std::optional(point) : std::nullopt;
}

}  // namespace

std::span<const EmergencyReasonInfo> emergency_reason_infos() { return reason_infos; }

std::size_t written_characters(std::string_view text) {
  std::size_t out = 0;
  while (!text.empty()) {
    const auto point = take_character(text);
    if (point && !is_blank(*point)) ++out;
  }
  return out;
}

Status check_emergency_reason(std::string_view code, std::string_view text) {
  if (std::ranges::find(reason_infos, code, &EmergencyReasonInfo::code) == reason_infos.end()) {
    return make_error(ErrorCode::emergency_code_unknown);
  }
  if (text.size() > emergency_text_bytes_max ||
      written_characters(text) < emergency_text_characters_min) {
    return make_error(ErrorCode::emergency_text_refused);
  }
  return {};
}

}  // namespace xl::contracts::access
