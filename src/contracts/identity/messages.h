// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "contracts/api/contract.h"

/// The messages of this contract: each checks its shape and becomes a command.
/// All errors: message_malformed. Who may send what: messages.proto.
namespace xl::contracts::identity {

/// attestation.cpp: practitioners and the services of an organisation.
[[nodiscard]] Result<std::unique_ptr<Command>> check_attest_practitioner(ByteView payload);
[[nodiscard]] Result<std::unique_ptr<Command>> check_revoke_attestation(ByteView payload);
[[nodiscard]] Result<std::unique_ptr<Command>> check_register_service(ByteView payload);

/// patient.cpp: pseudonyms and their hand-over.
[[nodiscard]] Result<std::unique_ptr<Command>> check_register_patient(ByteView payload);
[[nodiscard]] Result<std::unique_ptr<Command>> check_claim_patient(ByteView payload);

/// key_messages.cpp: keys of a party, and its end.
[[nodiscard]] Result<std::unique_ptr<Command>> check_add_key(ByteView payload);
[[nodiscard]] Result<std::unique_ptr<Command>> check_rotate_key(ByteView payload);
[[nodiscard]] Result<std::unique_ptr<Command>> check_revoke_key(ByteView payload);
[[nodiscard]] Result<std::unique_ptr<Command>> check_set_agreement_key(ByteView payload);
[[nodiscard]] Result<std::unique_ptr<Command>> check_deactivate(ByteView payload);

/// guardian.cpp: who acts for a ward.
[[nodiscard]] Result<std::unique_ptr<Command>> check_appoint_guardian(ByteView payload);
[[nodiscard]] Result<std::unique_ptr<Command>> check_end_guardianship(ByteView payload);

/// recovery.cpp: new keys for a party that lost its own.
[[nodiscard]] Result<std::unique_ptr<Command>> check_configure_recovery(ByteView payload);
[[nodiscard]] Result<std::unique_ptr<Command>> check_start_recovery(ByteView payload);
[[nodiscard]] Result<std::unique_ptr<Command>> check_cancel_recovery(ByteView payload);
[[nodiscard]] Result<std::unique_ptr<Command>> check_finish_recovery(ByteView payload);

/// delegation.cpp: session keys.
[[nodiscard]] Result<std::unique_ptr<Command>> check_delegate(ByteView payload);
[[nodiscard]] Result<std::unique_ptr<Command>> check_end_delegation(ByteView payload);

}  // namespace xl::contracts::identity
