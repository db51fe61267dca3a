// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <memory>

#include "contracts/api/contract.h"

namespace xl::contracts::governance {

/// The contract by which members decide together: who belongs, who orders, which rules. Number 2.
[[nodiscard]] std::unique_ptr<Contract> make_contract();

}  // namespace xl::contracts::governance
