// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string_view>

#include "base/error_code.h"

namespace xl::ordering::cometbft {

/// Why CometBFT (v0.40) ended, from the last of what it printed in that run: engine_address_taken,
/// engine_disk_full, engine_state_differs, engine_store_damaged, engine_settings_invalid,
/// engine_killed (`by_signal`, and it said nothing of the others), else engine_failed. What it
/// printed goes no further than its own log. Pure function, thread-safe.
[[nodiscard]] ErrorCode reason_of_end(bool by_signal, std::string_view printed);

}  // namespace xl::ordering::cometbft
