// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string_view>

#include "base/result.h"

namespace xl {

/// What an error says behind its sentence; empty when that is all. Views the error. Thread-safe.
[[nodiscard]] std::string_view detail_of(const Error& error);

}  // namespace xl
