// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/identity/sign_in.h"

#include "crypto/hash.h"
#include "model/tags.h"

namespace xl::contracts::identity {

Bytes sign_in_bytes(const Hash& network, const model::Id& organisation, const Hash& key_id,
                    std::string_view challenge) {
  return crypto::tagged_bytes(model::tags::sign_in,
                              {network, organisation.view(), key_id, view_of(challenge)});
}

std::string_view statement_of(std::string_view challenge) {
  const std::size_t mark = challenge.rfind(statement_mark);
  return mark == std::string_view::npos ? std::string_view{} : challenge.substr(0, mark);
}

SignInStatement stated_in(std::string_view challenge) {
  std::string_view rest = statement_of(challenge);
  SignInStatement out;
  if (rest.starts_with(stated_mark)) {
    out.organisation = rest.substr(stated_mark.size());
    // An app's name may hold anything, so it is the first mark that counts.
    std::size_t mark = out.organisation.find(statement_mark);
    while (mark != std::string_view::npos &&
           !out.organisation.substr(mark + statement_mark.size()).starts_with(app_mark)) {
      mark = out.organisation.find(statement_mark, mark + 1);
    }
    rest = mark == std::string_view::npos ? std::string_view{}
                                          : out.organisation.substr(mark + statement_mark.size());
    out.organisation = out.organisation.substr(0, mark);
  }
  if (out.organisation.starts_with(model::did_prefix)) {
    out.person = out.organisation.substr(0, out.organisation.find(", "));
  }
  if (rest.starts_with(app_mark)) out.app = rest.substr(app_mark.size());
  return out;
}

}  // namespace xl::contracts::identity
