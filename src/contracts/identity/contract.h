// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <memory>

#include "contracts/api/contract.h"

namespace xl::contracts::identity {

/// The contract of parties and their keys. Number 1.
[[nodiscard]] std::unique_ptr<Contract> make_contract();

}  // namespace xl::contracts::identity
