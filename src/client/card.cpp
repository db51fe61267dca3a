// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "client/card.h"

#include "base/json/json.h"
#include "base/json/writer.h"
#include "client/identity_file.h"
#include "contracts/identity/messages.pb.h"
#include "contracts/identity/possession.h"

namespace xl::client {
namespace {

constexpr std::string_view card_schema = "xinglin/identity-card/v1";

Error card_invalid(std::string_view what) {
  return make_error(ErrorCode::input_invalid, "card: " + std::string(what));
}

contracts::identity::KeyClaim claim_of(const Card& card) {
  return {card.did, card.algorithm, card.public_key, card.purposes, 0, 0};
}

}  // namespace

std::uint32_t own_purposes_of(contracts::PartyKind kind) {
  if (kind == contracts::PartyKind::service) return contracts::purpose_sign;
  return contracts::purpose_sign | contracts::purpose_manage;
}

Card make_card(const Identity& identity, const Hash& network) {
  Card out{identity.did,
           identity.kind,
           identity.organisation,
           identity.key.algorithm(),
           identity.key.public_key(),
           own_purposes_of(identity.kind),
           {}};
  out.proof = identity.key.sign(contracts::identity::possession_bytes(network, claim_of(out)));
  return out;
}

std::string write_card(const Card& card) {
  json::Writer out(json::Style::pretty);
  out.begin_object().key("schema").string(card_schema);
  out.key("did").string(model::did_text(card.did)).key("kind").string(kind_word(card.kind));
  out.key("organisation").string(model::did_text(card.organisation));
  out.key("algorithm").unsigned_integer(static_cast<std::uint64_t>(card.algorithm));
  out.key("public_key").string(to_base64(card.public_key));
  out.key("purposes").unsigned_integer(card.purposes);
  out.key("proof").string(to_base64(card.proof)).end_object();
  return out.take() + "\n";
}

Result<Card> read_card(std::string_view text) {
  XL_TRY_ASSIGN(const json::Document document, json::parse(text, {}));
  const json::Value root = document.root();
  const auto text_at = [&](std::string_view name) {
    return root.find(name).as_string().value_or(std::string_view{});
  };
  if (text_at("schema") != card_schema) return card_invalid("schema");
  const auto did = model::id_from_did(text_at("did"));
  if (!did.ok()) return card_invalid("did");
  const auto organisation = model::id_from_did(text_at("organisation"));
  if (!organisation.ok()) return card_invalid("organisation");
  const auto kind = kind_of_word(text_at("kind"));
  if (!kind) return card_invalid("kind");
  const auto algorithm = root.find("algorithm").as_uint64();
  if (!algorithm || *algorithm > 0xff) return card_invalid("algorithm");
  const auto purposes = root.find("purposes").as_uint64();
  if (!purposes || *purposes != own_purposes_of(*kind)) return card_invalid("purposes");
  Card out;
  out.did = *did;
  out.kind = *kind;
  out.organisation = *organisation;
  out.algorithm = static_cast<crypto::Algorithm>(*algorithm);
  out.purposes = static_cast<std::uint32_t>(*purposes);
  if (!from_base64(text_at("public_key"), out.public_key)) return card_invalid("public_key");
  if (!from_base64(text_at("proof"), out.proof)) return card_invalid("proof");
  return out;
}

Status check_card(const Card& card, const Hash& network) {
  const bool proven =
      crypto::verify(card.algorithm, card.public_key,
                     contracts::identity::possession_bytes(network, claim_of(card)), card.proof);
  if (proven) return {};
  return card_invalid("the proof does not fit: altered, or made for another network");
}

void fill_new_key(const Card& card, xinglin::identity::v1::NewKey& out) {
  out.set_algorithm(static_cast<std::uint32_t>(card.algorithm));
  out.set_public_key(bytes_of(card.public_key));
  out.set_purposes(card.purposes);
  out.set_proof(bytes_of(card.proof));
}

}  // namespace xl::client
