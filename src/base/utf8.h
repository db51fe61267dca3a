// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>

namespace xl {

/// Adds a character as UTF-8 (RFC 3629). Precondition: `point` is at most U+10FFFF and no
/// surrogate.
void append_utf8(std::string& out, char32_t point);

}  // namespace xl
