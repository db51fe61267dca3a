// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstddef>
#include <string_view>

namespace xl::json {

/// True when `text` is a JSON number (RFC 8259 §6) and nothing else. Any magnitude and precision.
[[nodiscard]] bool is_number_text(std::string_view text);

/// Length in bytes (1..4) of the UTF-8 sequence (RFC 3629) that starts at `text[at]`, or 0 when
/// there is none: truncated, overlong, a surrogate or above U+10FFFF. Precondition:
/// `at < text.size()`.
[[nodiscard]] std::size_t utf8_length_at(std::string_view text, std::size_t at);

}  // namespace xl::json
