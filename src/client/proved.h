// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <google/protobuf/message.h>

#include <optional>
#include <vector>

#include "base/json/json.h"
#include "credentials/did.h"
#include "model/genesis.h"

/// What a node tells with state receipts, believed for the receipts alone.
namespace xl::client {

/// When the state was so that a receipt proves.
struct ProvedAt {
  std::uint64_t height = 0;
  std::uint64_t block_ms = 0;
};

/// Reads the receipt of `key` and verifies it with the genesis alone; `record` gets the value.
/// Errors: answer_unexpected (another key, no value, one that does not decode), those of
/// `model::read_receipt` and `verify_receipt`.
[[nodiscard]] Result<ProvedAt> prove_record(const model::Genesis& genesis, json::Value receipt,
                                            ByteView key, google::protobuf::Message& record);

/// A party as receipts prove it.
struct ProvedParty {
  credentials::Party party;
  ProvedAt at;
};

/// Reads `proof` of a resolution result: the party, its keys, and its gateway where it tells one.
/// That no key was left out is the node's word: a key that is shown is the party's. Errors: as
/// `prove_record`.
[[nodiscard]] Result<ProvedParty> read_party_proof(const model::Genesis& genesis,
                                                   const model::Id& did, json::Value proof);

}  // namespace xl::client
