// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "custody/requests.h"
#include "gateway/peer/desk.h"

/// Asking a patient of a custodian on another node for a consent (docs/reference/consent.md).
namespace xl::gateway::peer {

/// Sends what `who` asks for to `custodian`, on whichever node it is: the request's id. Errors:
/// those of `Desk::ask` and, told by it, of `RequestDesk::ask`; peer_answer_untrusted.
[[nodiscard]] Result<model::Id> send_wish(Desk& desk, custody::Organisation& us,
                                          const custody::Principal& who, const model::Id& custodian,
                                          const custody::NewRequest& wish);

/// How what `who` sent to `custodian` stands, newest first: one request, or all. Of each only what
/// its asker may know is set. Errors: those of `Desk::ask`, request_unknown, peer_answer_untrusted.
[[nodiscard]] Result<std::vector<custody::KnownRequest>> look_there(
    Desk& desk, custody::Organisation& us, const custody::Principal& who,
    const model::Id& custodian, const std::optional<model::Id>& request);

/// The custodian's side of a Wish. Errors: message_malformed, sign_in_refused, those of
/// `RequestDesk::ask`.
[[nodiscard]] Result<Bytes> answer_wish(custody::Organisation& of, const auth::Tokens& tokens,
                                        const Heard& heard);

/// The custodian's side of a Look. Errors: message_malformed, sign_in_refused, request_unknown.
[[nodiscard]] Result<Bytes> answer_look(custody::Organisation& of, const auth::Tokens& tokens,
                                        const Heard& heard);

}  // namespace xl::gateway::peer
