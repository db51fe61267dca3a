// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>

#include "client/session.h"
#include "client/signing_request.h"

namespace xl::client {

/// Why somebody breaks the glass.
struct Emergency {
  model::Id patient;  ///< towards the custodian; zero: nobody has identified them yet
  std::string code;   ///< one of `contracts/access/emergency_reasons.def`
  std::string text;   ///< 10 characters at least, as `check_emergency_reason` counts them
};

/// What `doctor` signs to break the glass at `custodian`, with the owner of `second` when there is
/// one: needed while a review of their organisation is overdue. `entry` receives the handle.
/// Errors: emergency_code_unknown, emergency_text_refused, key_unknown, node_unreachable,
/// signing_request_invalid.
[[nodiscard]] Result<SigningRequest> emergency_request(Session& doctor, const model::Id& custodian,
                                                       const Emergency& emergency,
                                                       const std::optional<Card>& second,
                                                       model::Id& entry);

/// What `doctor` signs to keep the glass broken for another 60 minutes, once. Errors: as
/// `emergency_request`.
[[nodiscard]] Result<SigningRequest> renewal_request(Session& doctor, const model::Id& custodian,
                                                     const model::Id& entry,
                                                     const std::optional<Card>& second);

/// What a request of one of these two asks for.
struct AskedEmergency {
  model::Id entry;
  bool renewal = false;
  std::optional<Emergency> emergency;  ///< of a declaration
};

/// Reads what a request asks for. Errors: signing_request_invalid (something else, or another
/// reason than the one that is signed).
[[nodiscard]] Result<AskedEmergency> asked_emergency(const SigningRequest& request);

/// Brings a request that all signed to its custodian, whose node adds the organisation's signature.
/// `who` is one of those who signed, signed in. Precondition: complete. Errors: those of
/// `asked_emergency`, node_unreachable, what the node answers.
[[nodiscard]] Result<Sent> send_emergency(Session& who, const SigningRequest& request);

/// Breaks the glass at `custodian`: the practitioner of the session signs, its organisation
/// co-signs there. Returns the entry, the handle that reads name in `X-Emergency-Entry`. `sent`
/// receives what became of it. Errors: key_unknown, node_unreachable, what the node answers.
[[nodiscard]] Result<model::Id> declare_emergency(Session& doctor, const model::Id& custodian,
                                                  const Emergency& emergency, Sent& sent);

}  // namespace xl::client
