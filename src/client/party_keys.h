// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <vector>

#include "client/session.h"
#include "contracts/identity/state.pb.h"

namespace xl::client {

/// A key that the ledger holds.
struct HeldKey {
  Hash id{};
  xinglin::identity::v1::KeyRecord record;
};

/// The keys of an organisation or a service that are active now, as the ledger proves them: each
/// receipt is verified with the genesis alone, so that no node can put in a key of its own. Errors:
/// party_unknown and what else the node answers, answer_unexpected, those of
/// `model::verify_receipt`.
[[nodiscard]] Result<std::vector<HeldKey>> keys_of(Session& session, const model::Id& did);

/// A key by which a transaction names its signer.
struct KeyName {
  Hash id{};
  crypto::Algorithm algorithm{};
};

/// The key with which an organisation signs through this node: the one that the node says it has,
/// if it is one of those that the ledger proves; else the first of these that may sign. Errors:
/// key_unknown (it has none), those of `keys_of`.
[[nodiscard]] Result<KeyName> signing_key_of(Session& session, const model::Id& organisation);

}  // namespace xl::client
