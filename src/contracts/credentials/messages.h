// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "contracts/api/contract.h"

/// The messages of this contract: each checks its shape and becomes a command.
/// All errors: message_malformed. Who may send what: messages.proto.
namespace xl::contracts::credentials {

/// accredit.cpp: who may issue what.
[[nodiscard]] Result<std::unique_ptr<Command>> check_accredit(ByteView payload);
[[nodiscard]] Result<std::unique_ptr<Command>> check_end_accreditation(ByteView payload);

/// list.cpp: status lists and their entries.
[[nodiscard]] Result<std::unique_ptr<Command>> check_register_list(ByteView payload);
[[nodiscard]] Result<std::unique_ptr<Command>> check_change_status(ByteView payload);

}  // namespace xl::contracts::credentials
