// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <memory>

#include "contracts/api/contract.h"

namespace xl::contracts::records {

/// The contract of health records: what exists, in which version, at whose place. Number 3.
[[nodiscard]] std::unique_ptr<Contract> make_contract();

}  // namespace xl::contracts::records
