// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace xl::cli {

/// The longest text that a picture holds, in bytes (ISO/IEC 18004: version 40, level L).
constexpr std::size_t qr_bytes_max = 2953;

/// `text` as a QR code of the lowest level of correction, in SVG: black on white with the quiet
/// zone of four modules. Errors: usage_invalid (nothing, or over
/// `qr_bytes_max`). Thread-safe.
[[nodiscard]] Result<std::string> qr_picture(std::string_view text);

}  // namespace xl::cli
