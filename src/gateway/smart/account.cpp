// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>

#include "contracts/identity/sign_in.h"
#include "gateway/smart/endpoints.h"
#include "gateway/smart/passkey.h"

namespace xl::gateway::smart {

Result<Standing> standing_of_account(const Visit& visit, const Account& account) {
  const auto did = model::id_from_did(account.did);
  if (!did.ok()) return make_error(ErrorCode::smart_account_unbound);
  XL_TRY_ASSIGN(const custody::LedgerView view, custody::look(visit.services.custody.port()));
  auto standing = standing_of(view, *did, visit.organisation.did());
  if (!standing.ok() && standing.error().code == ErrorCode::sign_in_refused) {
    return make_error(ErrorCode::smart_account_unbound);
  }
  return standing;
}

Status account_signed_in(const Visit& visit, const Authorization& wanted, const Account& account,
                         std::string_view how) {
  XL_TRY_ASSIGN(const Standing standing, standing_of_account(visit, account));
  XL_TRY_ASSIGN(const model::Id did, model::id_from_did(account.did));
  // What the organisation signs begins with the person: the evidence of what they read rests on it.
  const std::string word = account.did + ", account " + account.name + ", " + std::string(how);
  XL_TRY_ASSIGN(auth::Tokens::SignedIn who,
                visit.services.tokens.stated(visit.organisation.did(),
                                             visit.organisation.stores().identity().key,
                                             stated_for(wanted.client, word)));
  who.caller.principal.did = did;
  who.caller.principal.kind = standing.kind;
  who.caller.principal.roles = standing.roles;
  for (std::uint64_t* end : {&who.expires_ms, &who.ends_ms}) {
    if (standing.until_ms != 0 && (*end == 0 || standing.until_ms < *end)) {
      *end = standing.until_ms;
    }
  }
  return signed_in(visit, wanted.id, std::move(who), account.name);
}

}  // namespace xl::gateway::smart
