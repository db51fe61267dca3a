// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <memory>

#include "contracts/api/contract.h"

namespace xl::contracts::credentials {

/// The contract of credentials: who may issue what, and which are revoked or suspended. Number 6.
[[nodiscard]] std::unique_ptr<Contract> make_contract();

}  // namespace xl::contracts::credentials
