// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "contracts/api/contract.h"

/// The messages of this contract: each checks its shape and becomes a command.
/// All errors: message_malformed. Who may send what: messages.proto.
namespace xl::contracts::governance {

/// propose.cpp
[[nodiscard]] Result<std::unique_ptr<Command>> check_propose(ByteView payload);
[[nodiscard]] Result<std::unique_ptr<Command>> check_withdraw(ByteView payload);

/// vote.cpp
[[nodiscard]] Result<std::unique_ptr<Command>> check_vote(ByteView payload);

/// security.cpp
[[nodiscard]] Result<std::unique_ptr<Command>> check_attest_security(ByteView payload);

/// update_member.cpp
[[nodiscard]] Result<std::unique_ptr<Command>> check_update_member(ByteView payload);

}  // namespace xl::contracts::governance
