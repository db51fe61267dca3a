// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/identity/possession.h"

#include "model/tags.h"

namespace xl::contracts::identity {

Bytes possession_bytes(const Hash& network, const KeyClaim& claim) {
  Bytes out = copy_of(view_of(model::tags::key_possession));
  out.push_back(0);
  out.push_back(static_cast<std::uint8_t>(crypto::Suite::international));
  append(out, network);
  append(out, claim.party.view());
  out.push_back(static_cast<std::uint8_t>(claim.algorithm));
  append_be(out, claim.purposes);
  append_be(out, claim.not_before_ms);
  append_be(out, claim.not_after_ms);
  append(out, claim.public_key);
  return out;
}

}  // namespace xl::contracts::identity
