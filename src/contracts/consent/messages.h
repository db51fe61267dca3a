// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "contracts/api/contract.h"

/// The messages of this contract: each checks its shape and becomes a command.
/// All errors: message_malformed. Who may send what: messages.proto.
namespace xl::contracts::consent {

/// grant.cpp: by the patient or a guardian.
[[nodiscard]] Result<std::unique_ptr<Command>> check_grant(ByteView payload);
[[nodiscard]] Result<std::unique_ptr<Command>> check_narrow(ByteView payload);
[[nodiscard]] Result<std::unique_ptr<Command>> check_revoke(ByteView payload);

/// assisted.cpp: at the desk.
[[nodiscard]] Result<std::unique_ptr<Command>> check_grant_assisted(ByteView payload);

}  // namespace xl::contracts::consent
