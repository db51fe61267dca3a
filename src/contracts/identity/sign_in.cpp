// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/identity/sign_in.h"

#include "crypto/suite.h"
#include "model/tags.h"

namespace xl::contracts::identity {

Bytes sign_in_bytes(const Hash& network, const model::Id& organisation, const Hash& key_id,
                    std::string_view challenge) {
  Bytes out;
  append(out, view_of(model::tags::sign_in));
  out.push_back(0);
  out.push_back(static_cast<std::uint8_t>(crypto::Suite::international));
  append(out, network);
  append(out, organisation.view());
  append(out, key_id);
  append(out, view_of(challenge));
  return out;
}

}  // namespace xl::contracts::identity
