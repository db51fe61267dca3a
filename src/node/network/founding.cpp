// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/network/founding.h"

#include <algorithm>
#include <set>

#include "base/file.h"
#include "base/json/json.h"
#include "base/json/writer.h"
#include "contracts/api/contract.h"
#include "crypto/hash.h"
#include "model/comet/json.h"
#include "model/limits.h"
#include "model/tags.h"

namespace xl::node {
namespace {

constexpr std::string_view signature_schema = "xinglin/founding-signature/v1";
constexpr std::size_t signature_bytes_max = 4096;
constexpr std::size_t members_max = 64;
/// Every founder's vote weighs the same.
constexpr std::uint64_t founder_power = 10;
constexpr std::uint64_t founder_weight = 1;

Error invalid_card(std::string_view what) { return make_error(ErrorCode::card_invalid, what); }
Error invalid_signature(std::string_view what) {
  return make_error(ErrorCode::founding_signature_invalid, what);
}

Status check_together(const std::vector<MemberCard>& cards) {
  if (cards.empty() || cards.size() > members_max) return invalid_card("1..64 members");
  std::set<std::string> seen;
  const auto once = [&seen](std::string_view text) { return seen.emplace(text).second; };
  for (const MemberCard& card : cards) {
    if (card.network != cards[0].network) return invalid_card("cards of different networks");
    bool fresh = once(card.address);
    for (const CardOrganisation& one : card.organisations) {
      fresh = fresh && once(text_of(one.did.bytes)) && once(text_of(one.service_key));
    }
    for (const Bytes* key : {&card.envelope_key, &card.validator_key, &card.peer_key}) {
      fresh = fresh && once(text_of(*key));
    }
    if (!fresh) return invalid_card("an organisation, key or address occurs twice");
  }
  return {};
}

void write_consensus_params(json::Writer& out) {
  out.begin_object();
  out.key("block").begin_object();
  out.key("max_bytes").string(std::to_string(limits::block_bytes_max));
  out.key("max_gas").string("-1").end_object();
  out.key("evidence")
      .begin_object()
      .key("max_age_num_blocks")
      .string(std::to_string(evidence_age_blocks));
  out.key("max_age_duration").string("1814400000000000").key("max_bytes").string("1048576");
  out.end_object();
  out.key("validator").begin_object().key("pub_key_types").begin_array().string("ed25519");
  out.end_array().end_object();
  out.key("version").begin_object().key("app").string("1").end_object();
  out.key("abci").begin_object().key("vote_extensions_enable_height").string("0").end_object();
  out.end_object();
}

void write_key(json::Writer& out, ByteView public_key, std::uint32_t purposes) {
  out.begin_object();
  out.key("algorithm").integer(static_cast<int>(crypto::Algorithm::ed25519));
  out.key("public_key").string(to_base64(public_key));
  out.key("purposes").unsigned_integer(purposes).end_object();
}

void write_validator(json::Writer& out, const MemberCard& card) {
  out.begin_object();
  out.key("address").string(to_hex(model::comet::address_of(card.validator_key)));
  out.key("pub_key").begin_object().key("type").string("tendermint/PubKeyEd25519");
  out.key("value").string(to_base64(card.validator_key)).end_object();
  out.key("power").string(std::to_string(founder_power));
  out.key("name").string(card.did().text()).end_object();
}

void write_organisations(json::Writer& out, const MemberCard& card) {
  for (std::size_t i = 0; i < card.organisations.size(); ++i) {
    const CardOrganisation& one = card.organisations[i];
    out.begin_object().key("did").string(model::did_text(one.did));
    out.key("name").string(one.name).key("type").integer(static_cast<int>(one.type));
    out.key("keys").begin_array();
    write_key(out, one.service_key, contracts::purpose_sign | contracts::purpose_manage);
    // The first organisation runs the node: its envelope key packs transactions.
    if (i == 0) write_key(out, card.envelope_key, contracts::purpose_envelope);
    out.end_array().end_object();
  }
}

/// Those who vote: the first organisation of each card.
void write_governance(json::Writer& out, const std::vector<MemberCard>& cards, bool engine_fixed) {
  out.begin_object().key("engine_fixed").boolean(engine_fixed).key("members").begin_array();
  for (const MemberCard& card : cards) {
    out.begin_object().key("organisation").string(model::did_text(card.did()));
    out.key("weight").unsigned_integer(founder_weight);
    out.key("validator_key").string(to_base64(card.validator_key));
    out.key("power").unsigned_integer(founder_power);
    out.key("peer_id").string(ordering::cometbft::node_id_of(card.peer_key));
    out.key("address").string(card.address).key("gateway").string(card.gateway);
    out.key("archive").boolean(card.archive).end_object();
  }
  out.end_array().end_object();
}

Bytes signed_bytes(const Hash& network) {
  Bytes out = copy_of(view_of(model::tags::founding_signature));
  out.push_back(0);
  append(out, network);
  return out;
}

}  // namespace

Result<std::string> found_network(std::vector<MemberCard> cards, bool engine_fixed) {
  XL_TRY(check_together(cards));
  std::sort(cards.begin(), cards.end(),
            [](const MemberCard& a, const MemberCard& b) { return a.did().bytes < b.did().bytes; });
  // Content-derived, so that two networks of one name cannot be taken for each other.
  Bytes content;
  std::uint64_t time_ms = 0;
  for (const MemberCard& card : cards) {
    append(content, crypto::sha256(view_of(member_card_content(card))));
    time_ms = std::max(time_ms, card.made_ms);
  }
  const Hash digest = crypto::sha256(content);
  json::Writer out(json::Style::pretty);
  out.begin_object();
  out.key("genesis_time")
      .string(model::comet::to_rfc3339(model::comet::timestamp_from_ms(time_ms)));
  out.key("chain_id").string(cards[0].network + "-" + to_hex(ByteView(digest).first(8)));
  out.key("initial_height").string("1").key("consensus_params");
  write_consensus_params(out);
  out.key("validators").begin_array();
  for (const MemberCard& card : cards) write_validator(out, card);
  out.end_array().key("app_hash").string("");
  out.key("app_state").begin_object().key("format_version").integer(1).key("suite").integer(1);
  out.key("identity").begin_object().key("organisations").begin_array();
  for (const MemberCard& card : cards) write_organisations(out, card);
  out.end_array().end_object().key("governance");
  write_governance(out, cards, engine_fixed);
  out.end_object().end_object();
  return out.take() + "\n";
}

std::vector<ordering::cometbft::Peer> peers_of(const std::vector<MemberCard>& cards,
                                               const model::Id& self) {
  std::vector<ordering::cometbft::Peer> out;
  for (const MemberCard& card : cards) {
    if (card.did() == self) continue;
    out.push_back({ordering::cometbft::node_id_of(card.peer_key), card.address});
  }
  return out;
}

FoundingSignature sign_founding(const model::Id& member, const Hash& network,
                                const crypto::SigningKey& service_key) {
  return {member, network, service_key.sign(signed_bytes(network))};
}

std::string write_founding_signature(const FoundingSignature& signature) {
  json::Writer out(json::Style::pretty);
  out.begin_object().key("schema").string(signature_schema);
  out.key("member").string(model::did_text(signature.member));
  out.key("network").string(to_hex(signature.network));
  out.key("signature").string(to_base64(signature.signature));
  return out.end_object().take() + "\n";
}

Result<FoundingSignature> read_founding_signature(ByteView file) {
  const auto document = json::parse(text_of(file), {signature_bytes_max, 4, 16});
  if (!document.ok()) return invalid_signature(document.error().message);
  const json::Value root = document->root();
  FoundingSignature out;
  const auto member = model::id_from_did(root.find("member").as_string().value_or(""));
  const auto network = root.find("network").as_string().value_or("");
  const auto signature = root.find("signature").as_string().value_or("");
  Bytes digest;
  if (root.find("schema").as_string() != signature_schema || !member.ok() ||
      !from_hex(network, digest) || digest.size() != out.network.size() ||
      !from_base64(signature, out.signature)) {
    return invalid_signature("not a founding signature");
  }
  out.member = *member;
  std::copy(digest.begin(), digest.end(), out.network.begin());
  return out;
}

Status check_signature(const FoundingSignature& signature, const std::vector<MemberCard>& cards,
                       const Hash& network) {
  const auto card = std::find_if(cards.begin(), cards.end(), [&](const MemberCard& founder) {
    return founder.did() == signature.member;
  });
  if (card == cards.end()) return invalid_signature("of somebody who is no founder");
  const CardOrganisation& founder = card->organisations[0];
  if (signature.network != network) {
    return invalid_signature(founder.name + " signed another genesis");
  }
  if (!crypto::verify(crypto::Algorithm::ed25519, founder.service_key, signed_bytes(network),
                      signature.signature)) {
    return invalid_signature("of " + founder.name);
  }
  return {};
}

Result<std::string> missing_founders(const std::filesystem::path& folder,
                                     const std::vector<MemberCard>& cards, const Hash& network) {
  std::set<std::string> signed_by;
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failure)) {
    XL_TRY_ASSIGN(const Bytes file, read_file(entry.path(), signature_bytes_max));
    XL_TRY_ASSIGN(const FoundingSignature one, read_founding_signature(file));
    XL_TRY(check_signature(one, cards, network));
    signed_by.insert(one.member.text());
  }
  std::string missing;
  for (const MemberCard& card : cards) {
    if (signed_by.contains(card.did().text())) continue;
    missing += (missing.empty() ? "" : ", ") + card.organisations[0].name;
  }
  return missing;
}

}  // namespace xl::node
