// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "contracts/api/contract.h"

/// The messages of this contract: each checks its shape and becomes a command.
/// All errors: message_malformed. Who may send what: messages.proto.
namespace xl::contracts::records {

/// anchor.cpp: a version, or many of one patient.
[[nodiscard]] Result<std::unique_ptr<Command>> check_anchor(ByteView payload);
[[nodiscard]] Result<std::unique_ptr<Command>> check_anchor_batch(ByteView payload);

/// withdraw.cpp: records that should not be, or must be no more.
[[nodiscard]] Result<std::unique_ptr<Command>> check_enter_in_error(ByteView payload);
[[nodiscard]] Result<std::unique_ptr<Command>> check_record_erasure(ByteView payload);

}  // namespace xl::contracts::records
