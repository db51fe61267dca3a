// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "client/proved.h"

#include "base/json/writer.h"
#include "contracts/api/state_value.h"
#include "contracts/governance/records.h"
#include "contracts/governance/state.pb.h"
#include "contracts/identity/records.h"
#include "model/receipt.h"

namespace xl::client {

namespace identity = contracts::identity;

Result<ProvedAt> prove_record(const model::Genesis& genesis, json::Value receipt, ByteView key,
                              google::protobuf::Message& record) {
  if (!receipt.is_object()) return make_error(ErrorCode::answer_unexpected, "no receipt");
  XL_TRY_ASSIGN(const model::Receipt read, model::read_receipt(json::write(receipt)));
  XL_TRY(model::verify_receipt(read, genesis));
  if (!read.state || !equal(read.state->key, key) || !read.state->value ||
      !contracts::decode_record(*read.state->value, record)) {
    return make_error(ErrorCode::answer_unexpected, "a receipt of something else");
  }
  const auto& header = read.block.header;
  return ProvedAt{static_cast<std::uint64_t>(header.height), header.time.milliseconds()};
}

Result<ProvedParty> read_party_proof(const model::Genesis& genesis, const model::Id& did,
                                     json::Value proof) {
  ProvedParty out;
  out.party.did = did;
  XL_TRY_ASSIGN(out.at, prove_record(genesis, proof.find("party").find("receipt"),
                                     identity::party_key(did), out.party.record));
  for (const json::Value one : proof.find("keys").items()) {
    credentials::PartyKey key;
    if (!from_hex(one.find("id").as_string().value_or(""), key.id)) {
      return make_error(ErrorCode::answer_unexpected, "a key without an id");
    }
    XL_TRY_ASSIGN(const ProvedAt at, prove_record(genesis, one.find("receipt"),
                                                  identity::key_key(key.id), key.record));
    if (at.height != out.at.height || !equal(view_of(key.record.controller()), did.view())) {
      return make_error(ErrorCode::answer_unexpected, "a key that its receipt denies");
    }
    out.party.keys.push_back(std::move(key));
  }
  const json::Value member = proof.find("member");
  if (member.present()) {
    xinglin::governance::v1::MemberRecord record;
    XL_TRY_ASSIGN(const ProvedAt at, prove_record(genesis, member.find("receipt"),
                                                  contracts::governance::member_key(did), record));
    if (at.height == out.at.height && record.expelled_at_ms() == 0) {
      out.party.gateway = record.gateway();
    }
  }
  return out;
}

}  // namespace xl::client
