// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "client/party_keys.h"

#include <algorithm>

#include "base/json/writer.h"
#include "contracts/identity/records.h"
#include "contracts/identity/view.h"
#include "model/receipt.h"

namespace xl::client {

namespace identity = contracts::identity;

namespace {

/// The key that the receipt proves to be `did`'s.
Result<HeldKey> proven_key(const model::Genesis& genesis, const model::Id& did, json::Value told) {
  HeldKey out;
  if (!from_hex(told.find("id").as_string().value_or(""), out.id)) {
    return make_error(ErrorCode::answer_unexpected, "a key without an id");
  }
  XL_TRY_ASSIGN(const model::Receipt receipt,
                model::read_receipt(json::write(told.find("receipt"))));
  XL_TRY(model::verify_receipt(receipt, genesis));
  const bool proves = receipt.state && receipt.state->key == identity::key_key(out.id) &&
                      receipt.state->value &&
                      contracts::decode_record(*receipt.state->value, out.record) &&
                      out.record.controller() == bytes_of(did.bytes);
  if (!proves) return make_error(ErrorCode::answer_unexpected, "a key that its receipt denies");
  return out;
}

/// What the node says of the key it signs with for an organisation; zeros when it says nothing.
Hash key_named(Session& session, const model::Id& organisation) {
  Hash out{};
  const auto list = json_of(session.get_public("/o"));
  if (!list.ok()) return out;
  for (const json::Value one : list->root().find("organisations").items()) {
    if (one.find("did").as_string() != model::did_text(organisation)) continue;
    if (from_hex(one.find("signing_key").as_string().value_or(""), out)) return out;
  }
  return Hash{};
}

}  // namespace

Result<std::vector<HeldKey>> keys_of(Session& session, const model::Id& did) {
  XL_TRY_ASSIGN(const model::Genesis* genesis, session.genesis());
  XL_TRY_ASSIGN(const json::Document answer,
                json_of(session.ask("GET", "/ledger/v1/parties/" + model::did_text(did))));
  std::vector<HeldKey> out;
  for (const json::Value told : answer.root().find("keys").items()) {
    XL_TRY_ASSIGN(HeldKey key, proven_key(*genesis, did, told));
    if (identity::is_active(key.record, session.now_ms())) out.push_back(std::move(key));
  }
  return out;
}

Result<KeyName> signing_key_of(Session& session, const model::Id& organisation) {
  XL_TRY_ASSIGN(std::vector<HeldKey> keys, keys_of(session, organisation));
  std::erase_if(keys, [](const HeldKey& key) {
    return (key.record.purposes() & contracts::purpose_sign) == 0;
  });
  if (keys.empty()) {
    return make_error(ErrorCode::key_unknown,
                      "the ledger holds no signing key of " + model::did_text(organisation));
  }
  const Hash named = key_named(session, organisation);
  auto chosen =
      std::find_if(keys.begin(), keys.end(), [&](const HeldKey& key) { return key.id == named; });
  if (chosen == keys.end()) chosen = keys.begin();
  return KeyName{chosen->id, static_cast<crypto::Algorithm>(chosen->record.algorithm())};
}

}  // namespace xl::client
