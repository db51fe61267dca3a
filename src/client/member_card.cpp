// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "client/member_card.h"

#include <algorithm>

#include "base/json/json.h"
#include "base/json/writer.h"
#include "model/limits.h"
#include "model/member_address.h"
#include "model/tags.h"

namespace xl::client {
namespace {

constexpr std::string_view member_card_schema = "xinglin/member-card/v1";
constexpr std::size_t member_card_bytes_max = 256 * 1024;
constexpr std::size_t card_organisations_max = 64;
constexpr std::size_t card_network_name_max = 24;

Error invalid_member_card(std::string_view what) {
  return make_error(ErrorCode::card_invalid, what);
}

bool lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

Result<Bytes> read_card_key(json::Value in, std::string_view name) {
  Bytes out;
  const auto text = in.find(name).as_string();
  if (!text || text->size() > 64 || !from_base64(*text, out) ||
      !crypto::check_public_key(crypto::Algorithm::ed25519, out).ok()) {
    return invalid_member_card(name);
  }
  return out;
}

Result<CardOrganisation> read_organisation(json::Value in) {
  CardOrganisation out;
  XL_TRY_ASSIGN(out.did, model::id_from_did(in.find("did").as_string().value_or("")));
  const auto name = in.find("name").as_string();
  const auto type = in.find("type").as_uint64();
  if (!name || name->empty() || name->size() > limits::name_bytes_max)
    return invalid_member_card("name");
  constexpr auto last = static_cast<std::uint64_t>(contracts::identity::OrganisationType::other);
  if (!type || *type == 0 || *type > last) return invalid_member_card("type");
  out.name = *name;
  out.type = static_cast<contracts::identity::OrganisationType>(*type);
  XL_TRY_ASSIGN(out.service_key, read_card_key(in, "service_key"));
  return out;
}

Result<MemberCard> read_content(json::Value in) {
  MemberCard out;
  out.network = in.find("network").as_string().value_or("");
  if (!check_network_name(out.network).ok()) return invalid_member_card("network");
  const json::Value organisations = in.find("organisations");
  if (organisations.size() == 0 || organisations.size() > card_organisations_max) {
    return invalid_member_card("organisations");
  }
  for (const json::Value one : organisations.items()) {
    XL_TRY_ASSIGN(CardOrganisation organisation, read_organisation(one));
    out.organisations.push_back(std::move(organisation));
  }
  XL_TRY_ASSIGN(out.envelope_key, read_card_key(in, "envelope_key"));
  XL_TRY_ASSIGN(out.validator_key, read_card_key(in, "validator_key"));
  if (const json::Value outside = in.find("validator_outside")) {
    // Present only when true: a card has one text.
    if (outside.as_bool() != true) return invalid_member_card("validator_outside");
    out.validator_outside = true;
  }
  XL_TRY_ASSIGN(out.peer_key, read_card_key(in, "peer_key"));
  out.address = in.find("address").as_string().value_or("");
  if (!check_address(out.address).ok()) return invalid_member_card("address");
  const auto gateway = in.find("gateway").as_string();
  const auto archive = in.find("archive").as_bool();
  if (!gateway) return invalid_member_card("gateway");
  if (!archive) return invalid_member_card("archive");
  out.gateway = *gateway;
  out.archive = *archive;
  if (!check_gateway(out.gateway).ok()) return invalid_member_card("gateway");
  const auto made = in.find("made_ms").as_uint64();
  // Up to the year 9999, so that it is a genesis time.
  if (!made || *made > 253'402'300'799'000) return invalid_member_card("made_ms");
  out.made_ms = *made;
  return out;
}

std::vector<ByteView> keys_named_by(const MemberCard& card) {
  std::vector<ByteView> out;
  for (const CardOrganisation& one : card.organisations) out.emplace_back(one.service_key);
  out.emplace_back(card.envelope_key);
  out.emplace_back(card.validator_key);
  out.emplace_back(card.peer_key);
  return out;
}

/// Those of them that sign the card. A validator's signer outside signs votes and nothing else.
std::vector<ByteView> keys_signing(const MemberCard& card) {
  std::vector<ByteView> out = keys_named_by(card);
  if (card.validator_outside) out.erase(out.end() - 2);  // the last one is the peer key
  return out;
}

Bytes card_signed_bytes(std::string_view content) {
  Bytes out = copy_of(view_of(model::tags::member_card));
  out.push_back(0);
  append(out, view_of(content));
  return out;
}

}  // namespace

Status check_network_name(std::string_view name) {
  const bool fine =
      !name.empty() && name.size() <= card_network_name_max &&
      std::all_of(name.begin(), name.end(), [](char c) { return lower_or_digit(c) || c == '-'; });
  return fine ? Status{}
              : Status(
                    make_error(ErrorCode::usage_invalid, "network name: 1..24 of a-z, 0-9 and -"));
}

Status check_address(std::string_view address) {
  return model::is_engine_address(address)
             ? Status{}
             : Status(make_error(ErrorCode::usage_invalid, "address: HOST:PORT"));
}

Status check_gateway(std::string_view url) {
  return url.empty() || model::is_gateway_url(url)
             ? Status{}
             : Status(make_error(ErrorCode::usage_invalid,
                                 "gateway: http://HOST:PORT or https://HOST:PORT, in lower case, "
                                 "nothing behind it"));
}

std::string member_card_content(const MemberCard& card) {
  json::Writer out;
  out.begin_object().key("network").string(card.network).key("organisations").begin_array();
  for (const CardOrganisation& one : card.organisations) {
    out.begin_object().key("did").string(model::did_text(one.did)).key("name").string(one.name);
    out.key("type").integer(static_cast<int>(one.type));
    out.key("service_key").string(to_base64(one.service_key)).end_object();
  }
  out.end_array();
  out.key("envelope_key").string(to_base64(card.envelope_key));
  out.key("validator_key").string(to_base64(card.validator_key));
  if (card.validator_outside) out.key("validator_outside").boolean(true);
  out.key("peer_key").string(to_base64(card.peer_key));
  out.key("address").string(card.address).key("gateway").string(card.gateway);
  out.key("archive").boolean(card.archive).key("made_ms").unsigned_integer(card.made_ms);
  return out.end_object().take();
}

std::string write_member_card(const MemberCard& card, const CardSigners& signers) {
  XL_CHECK(signers.size() == keys_signing(card).size());
  const std::string content = member_card_content(card);
  const auto document = json::parse(content, {});
  XL_CHECK(document.ok());
  json::Writer out(json::Style::pretty);
  out.begin_object().key("schema").string(member_card_schema).key("card").value(document->root());
  out.key("signatures").begin_array();
  for (const crypto::SigningKey* key : signers) {
    out.string(to_base64(key->sign(card_signed_bytes(content))));
  }
  return out.end_array().end_object().take() + "\n";
}

Result<MemberCard> read_member_card(ByteView file) {
  const auto document = json::parse(text_of(file), {member_card_bytes_max, 8, 1000});
  if (!document.ok()) return invalid_member_card(document.error().message);
  const json::Value root = document->root();
  if (root.find("schema").as_string() != member_card_schema) return invalid_member_card("schema");
  auto card = read_content(root.find("card"));
  if (!card.ok()) return invalid_member_card(card.error().message);
  const std::vector<ByteView> keys = keys_signing(*card);
  std::vector<ByteView> sorted = keys_named_by(*card);
  std::sort(sorted.begin(), sorted.end(),
            [](ByteView a, ByteView b) { return text_of(a) < text_of(b); });
  const auto same = [](ByteView a, ByteView b) { return equal(a, b); };
  if (std::adjacent_find(sorted.begin(), sorted.end(), same) != sorted.end()) {
    return invalid_member_card("one key twice");
  }
  // The text is written again from what was read: what was signed is what was understood.
  const Bytes content = card_signed_bytes(member_card_content(*card));
  const json::Value signatures = root.find("signatures");
  if (signatures.size() != keys.size()) return invalid_member_card("signatures");
  for (std::size_t i = 0; i < keys.size(); ++i) {
    Bytes signature;
    const auto text = signatures.at(i).as_string();
    if (!text || text->size() > 128 || !from_base64(*text, signature) ||
        !crypto::verify(crypto::Algorithm::ed25519, keys[i], content, signature)) {
      return invalid_member_card("a key named there did not sign it");
    }
  }
  return std::move(*card);
}

}  // namespace xl::client
