// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/cose.h"

#include "base/file.h"
#include "client/card.h"
#include "model/receipt.h"

namespace xl::cli {
namespace {

constexpr std::uint64_t signer_card_bytes_max = 16 * 1024;

/// The key of this id among those that the genesis gives its organisations.
std::optional<CoseSigner> signer_in_genesis(const model::Genesis& genesis, const Hash& key_id) {
  for (const json::Value one : genesis.section("identity").find("organisations").items()) {
    const auto did = model::id_from_did(one.find("did").as_string().value_or(""));
    if (!did.ok()) continue;
    for (const json::Value key : one.find("keys").items()) {
      CoseSigner out;
      out.did = *did;
      out.name = one.find("name").as_string().value_or("");
      out.algorithm = static_cast<crypto::Algorithm>(key.find("algorithm").as_uint64().value_or(0));
      if (!from_base64(key.find("public_key").as_string().value_or("*"), out.public_key)) continue;
      if (model::key_id_of(out.algorithm, out.public_key) == key_id) return out;
    }
  }
  return std::nullopt;
}

Result<CoseSigner> signer_on_card(const std::string& file, const model::Genesis& genesis) {
  XL_TRY_ASSIGN(const Bytes content, read_file(file, signer_card_bytes_max));
  XL_TRY_ASSIGN(client::Card card,
                json::in_file(client::read_card(text_of(content)), text_of(content), file));
  XL_TRY(client::check_card(card, genesis.network));
  return CoseSigner{card.did, {}, card.algorithm, std::move(card.public_key)};
}

}  // namespace

Result<Bytes> cose_of(std::string_view receipt, const model::Genesis& genesis,
                      const crypto::SigningKey& key) {
  XL_TRY_ASSIGN(const model::Receipt proved, model::read_receipt(receipt));
  XL_TRY(model::verify_receipt(proved, genesis));
  XL_TRY_ASSIGN(Bytes out, model::write_cose_receipt(proved, key));
  XL_TRY(model::verify_cose_receipt(out, key.algorithm(), key.public_key()));
  return out;
}

Result<CheckedCose> check_cose(ByteView receipt, const model::Genesis& genesis,
                               const std::string& card) {
  XL_TRY_ASSIGN(const Hash key_id, model::cose_signer(receipt));
  auto signer = signer_in_genesis(genesis, key_id);
  if (!signer && !card.empty()) {
    XL_TRY_ASSIGN(signer, signer_on_card(card, genesis));
  }
  if (!signer) return make_error(ErrorCode::receipt_signer_unknown, "key " + to_hex(key_id));
  XL_TRY_ASSIGN(model::CoseReceipt checked,
                model::verify_cose_receipt(receipt, signer->algorithm, signer->public_key));
  return CheckedCose{std::move(checked), std::move(*signer)};
}

}  // namespace xl::cli
