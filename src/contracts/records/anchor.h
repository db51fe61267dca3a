// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "contracts/api/contract.h"

namespace xl::contracts::records {

/// Checks the shape of an Anchor message. Errors: message_malformed.
[[nodiscard]] Result<std::unique_ptr<Command>> check_anchor(ByteView payload);

}  // namespace xl::contracts::records
