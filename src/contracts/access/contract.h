// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <memory>

#include "contracts/api/contract.h"

namespace xl::contracts::access {

/// The contract of who read what, and by which right. Number 5.
[[nodiscard]] std::unique_ptr<Contract> make_contract();

}  // namespace xl::contracts::access
