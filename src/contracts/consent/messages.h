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

/// decline.cpp: by the patient or a guardian.
[[nodiscard]] Result<std::unique_ptr<Command>> check_decline(ByteView payload);

/// agreement.cpp, agreement_dispute.cpp: by organisations.
[[nodiscard]] Result<std::unique_ptr<Command>> check_propose_agreement(ByteView payload);
[[nodiscard]] Result<std::unique_ptr<Command>> check_accept_agreement(ByteView payload);
[[nodiscard]] Result<std::unique_ptr<Command>> check_end_agreement(ByteView payload);
[[nodiscard]] Result<std::unique_ptr<Command>> check_dispute_agreement(ByteView payload);
[[nodiscard]] Result<std::unique_ptr<Command>> check_answer_agreement(ByteView payload);

}  // namespace xl::contracts::consent
