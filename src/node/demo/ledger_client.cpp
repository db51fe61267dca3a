// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/demo/ledger_client.h"

#include "base/json/json.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "model/canonical.h"
#include "model/receipt.h"

namespace xl::node::demo {
namespace {

constexpr std::uint64_t valid_ms = 2 * 60 * 1000;

}  // namespace

std::string bytes_of(ByteView bytes) { return std::string(text_of(bytes)); }

model::Id random_id() {
  model::Id id;
  crypto::random_bytes(id.bytes);
  return id;
}

Actor make_actor(std::string name) {
  auto key = crypto::SigningKey::generate(crypto::Algorithm::ed25519);
  XL_CHECK(key.ok());
  return {std::move(name), random_id(), std::move(*key)};
}

Bytes committed(std::string_view text) {
  Hash salt{};
  crypto::random_bytes(salt);
  Bytes out{static_cast<std::uint8_t>(crypto::Suite::international)};
  append(out, crypto::tagged_hash("xinglin/demo/v1", {salt, view_of(text)}));
  return out;
}

Result<Sent> LedgerClient::send(std::uint8_t contract, std::uint16_t type,
                                const google::protobuf::Message& message,
                                const std::vector<const Actor*>& signers) {
  model::Body body;
  body.network = genesis_.network;
  std::vector<const crypto::SigningKey*> keys;
  for (const Actor* signer : signers) {
    keys.push_back(&signer->key);
    body.signers.push_back({model::key_id_of(signer->key.algorithm(), signer->key.public_key()),
                            signer->key.algorithm()});
  }
  body.valid_until_ms = clock_.now_ms() + valid_ms;
  body.nonce = random_id().bytes;
  body.messages.push_back({contract, type, model::encode(message)});
  last_ = model::sign_transaction(body, keys);
  return post(last_);
}

Result<Sent> LedgerClient::send_again() { return post(last_); }

Result<Sent> LedgerClient::post(const Bytes& raw) {
  XL_TRY_ASSIGN(
      const client::HttpResponse answer,
      http_.send("POST", "/ledger/v1/transactions", "application/octet-stream", text_of(raw)));
  XL_TRY_ASSIGN(const json::Document document, json::parse(answer.body, {}));
  Sent out;
  if (answer.status != 200) {
    out.status_name = document.root().find("code").as_string().value_or("");
    out.status = answer.status;
    if (out.status_name.empty()) return make_error(ErrorCode::answer_unexpected);
    return out;
  }
  const json::Value entry = document.root().find("results").at(0).find("entry");
  const auto id = entry.find("transaction_id").as_string();
  const auto status = entry.find("status").as_uint64();
  if (!id || !status) return make_error(ErrorCode::answer_unexpected);
  out.transaction_id = *id;
  out.status = *status;
  out.status_name = entry.find("status_name").as_string().value_or("");
  executed_.push_back(out.transaction_id);
  return out;
}

Status LedgerClient::verify(const std::string& transaction_id) {
  XL_TRY_ASSIGN(const client::HttpResponse answer,
                http_.get("/ledger/v1/receipts/" + transaction_id));
  if (answer.status != 200) return make_error(ErrorCode::answer_unexpected);
  XL_TRY_ASSIGN(const model::Receipt receipt, model::read_receipt(answer.body));
  return model::verify_receipt(receipt, genesis_);
}

}  // namespace xl::node::demo
