// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <span>

#include "contracts/api/contract.h"

namespace xl::contracts::credentials {

/// Statuses of this contract; numbers are never reused.
#define XL_STATUS(number, name, en, en_fix, zh, zh_fix) constexpr StatusCode name = number;
#include "contracts/credentials/status.def"
#undef XL_STATUS

/// What each status means.
[[nodiscard]] std::span<const StatusInfo> status_infos();

}  // namespace xl::contracts::credentials
