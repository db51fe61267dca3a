// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <memory>

#include "contracts/api/contract.h"

namespace xl::contracts::consent {

/// The contract of patients' consents: which hold, and until when. Number 4.
[[nodiscard]] std::unique_ptr<Contract> make_contract();

}  // namespace xl::contracts::consent
