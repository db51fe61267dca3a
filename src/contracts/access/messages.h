// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "contracts/api/contract.h"

/// The messages of this contract: each checks its shape and becomes a command.
/// All errors: message_malformed. Who may send what: messages.proto.
namespace xl::contracts::access {

/// journal.cpp: what a custodian read in its own charts, and what it refused.
[[nodiscard]] Result<std::unique_ptr<Command>> check_journal_root(ByteView payload);
[[nodiscard]] Result<std::unique_ptr<Command>> check_denied(ByteView payload);

/// session.cpp: reading across institutions.
[[nodiscard]] Result<std::unique_ptr<Command>> check_open_session(ByteView payload);
[[nodiscard]] Result<std::unique_ptr<Command>> check_end_session(ByteView payload);
[[nodiscard]] Result<std::unique_ptr<Command>> check_seal_session(ByteView payload);

/// cohort.cpp: one query over many patients.
[[nodiscard]] Result<std::unique_ptr<Command>> check_cohort_entry(ByteView payload);

/// emergency.cpp: breaking the glass, and answering for it.
[[nodiscard]] Result<std::unique_ptr<Command>> check_declare_emergency(ByteView payload);
[[nodiscard]] Result<std::unique_ptr<Command>> check_renew_emergency(ByteView payload);
[[nodiscard]] Result<std::unique_ptr<Command>> check_end_emergency(ByteView payload);
[[nodiscard]] Result<std::unique_ptr<Command>> check_review_emergency(ByteView payload);

/// dispute.cpp: a patient says that an entry is wrong, and is answered.
[[nodiscard]] Result<std::unique_ptr<Command>> check_dispute(ByteView payload);
[[nodiscard]] Result<std::unique_ptr<Command>> check_answer_dispute(ByteView payload);

}  // namespace xl::contracts::access
