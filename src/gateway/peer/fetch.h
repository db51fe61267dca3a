// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "custody/custody.h"
#include "gateway/auth/tokens.h"
#include "gateway/peer/envelope.h"

namespace xl::gateway::peer {

constexpr std::size_t fetched_records_max = 250;       ///< of one page
constexpr std::size_t fetched_bytes_max = 16U << 20U;  ///< of one page; one record is always given

/// What a question shows of the sign-in of who asks, at the organisation that sends it.
struct SignInThere {
  std::string key;  ///< 32 bytes
  std::string challenge;
  std::string signature;
};

/// Who had signed in at the organisation that asks. One whom it only vouches for has no key, and so
/// no evidence here. Errors: sign_in_refused.
[[nodiscard]] Result<custody::Principal> signed_in_there(const auth::Tokens& tokens,
                                                         const model::Id& from,
                                                         const SignInThere& sign_in);

/// The custodian's side of a Fetch: who asks had signed in at the other organisation, `decide`
/// says what of the patient's records they may see, the session that both sign is committed, each
/// version is in the journal, and only then its data key is wrapped for that organisation. A
/// canonical FetchAnswer. Errors: access_refused (nothing of it, or there is nothing: the same),
/// sign_in_refused, message_malformed, those of `Viewer::serve` and of the stores.
[[nodiscard]] Result<Bytes> answer_fetch(custody::Organisation& of, const auth::Tokens& tokens,
                                         const custody::LedgerPort& port, const Heard& heard);

}  // namespace xl::gateway::peer
