// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>
#include <vector>

#include "contracts/api/contract.h"
#include "contracts/consent/decide.h"

namespace xl::custody {

/// What proves later that the principal itself had signed in: goes sealed into what each of its
/// requests leaves behind (`SignIn` of contracts/access/sealed.proto).
struct SignInEvidence {
  Bytes key_record;       ///< canonical `KeyRecord` of the key, as the ledger had it
  std::string challenge;  ///< as signed
  Bytes signature;        ///< suite byte first
};

/// Who asks, as a sign-in established it.
struct Principal {
  model::Id did;
  contracts::PartyKind kind{};
  /// For whom: of an organisation itself, of its software, of a practitioner acting for it; for
  /// patients and guardians their custodian.
  model::Id organisation;
  std::vector<std::uint32_t> roles;  ///< of practitioners, as delegated
  Hash key_id{};                     ///< the key that signed in; a session key, or software's own
  SignInEvidence sign_in;
};

/// True while the ledger still says what the principal's sign-in rests on: the key is active, the
/// party not deactivated, a practitioner attested in every role by the organisation, a guardian in
/// office. Asked at every request, so that a commit which touches any of these ends the sign-in.
[[nodiscard]] bool still_holds(const Principal& principal, const model::StateReader& state,
                               std::uint64_t block_ms);

/// As what the principal asks in a decision.
[[nodiscard]] contracts::consent::Requester requester_of(const Principal& principal);

}  // namespace xl::custody
