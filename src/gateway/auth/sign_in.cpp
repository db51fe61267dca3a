// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/auth/sign_in.h"

#include "base/json/json.h"
#include "contracts/identity/messages.pb.h"
#include "contracts/identity/records.h"
#include "model/transaction.h"

namespace xl::gateway::auth {
namespace {

constexpr std::size_t answer_bytes_max = 128 * 1024;

Result<Bytes> read_delegation(std::string_view text) {
  Bytes raw;
  if (!from_base64(text, raw)) return make_error(ErrorCode::parameter_invalid, "delegation");
  XL_TRY_ASSIGN(const model::Transaction transaction, model::decode_transaction(raw));
  const auto& messages = transaction.body.messages;
  if (messages.size() != 1 || messages[0].contract != contracts::identity::contract_number ||
      messages[0].type != contracts::identity::delegate_type) {
    return make_error(ErrorCode::parameter_invalid, "delegation");
  }
  return raw;
}

}  // namespace

Result<SignIn> read_sign_in(std::string_view body) {
  json::Limits bounds;
  bounds.bytes_max = answer_bytes_max;
  bounds.depth_max = 2;
  XL_TRY_ASSIGN(const json::Document document, json::parse(body, bounds));
  const auto text = [&](std::string_view name) {
    return document.root().find(name).as_string().value_or(std::string_view{});
  };
  SignIn out;
  Tokens::Answer& given = out.answer;
  given.challenge = text("challenge");
  const auto organisation = model::id_from_did(text("organisation"));
  if (!organisation.ok()) return make_error(ErrorCode::parameter_invalid, "organisation");
  given.organisation = *organisation;
  if (!from_hex(text("key_id"), given.key_id)) {
    return make_error(ErrorCode::parameter_invalid, "key_id");
  }
  if (!from_base64(text("signature"), given.signature)) {
    return make_error(ErrorCode::parameter_invalid, "signature");
  }
  if (!text("delegation").empty()) {
    XL_TRY_ASSIGN(out.delegation, read_delegation(text("delegation")));
  }
  return out;
}

}  // namespace xl::gateway::auth
