// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "model/comet/json.h"

#include <limits>

#include "base/checked.h"
#include "base/hex.h"
#include "model/canonical.h"
#include "model/comet/encoding.h"
#include "model/limits.h"

namespace xl::model::comet {
namespace {

namespace wire = xinglin::comet::v1;

constexpr std::string_view key_type = "tendermint/PubKeyEd25519";

Error comet_json_error(std::string_view member) {
  return make_error(ErrorCode::receipt_malformed, member);
}

void write_block_id(json::Writer& out, const BlockId& id) {
  out.begin_object().key("hash").string(to_upper_hex(id.hash));
  out.key("parts").begin_object();
  out.key("total").unsigned_integer(id.parts.total).key("hash").string(to_upper_hex(id.parts.hash));
  out.end_object().end_object();
}

/// An integer written as a string, or as a plain number where CometBFT does so.
Status read_integer(json::Value in, std::string_view name, std::int64_t& out) {
  const json::Value member = in.find(name);
  if (const auto number = member.as_int64()) {
    out = *number;
    return {};
  }
  const auto text = member.as_string();
  std::uint64_t value = 0;
  if (!text || !parse_decimal(*text, value) ||
      value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return comet_json_error(name);
  }
  out = static_cast<std::int64_t>(value);
  return {};
}

/// CometBFT's hex; a missing or null member is empty.
Status read_hex(json::Value in, std::string_view name, Bytes& out) {
  const json::Value member = in.find(name);
  out.clear();
  if (!member || member.is_null()) return {};
  const auto text = member.as_string();
  if (!text || text->size() > 128 || !from_upper_hex(*text, out)) return comet_json_error(name);
  return {};
}

Status read_time(json::Value in, std::string_view name, Timestamp& out) {
  const auto text = in.find(name).as_string();
  if (!text) return comet_json_error(name);
  XL_TRY_ASSIGN(out, timestamp_from_rfc3339(*text));
  return {};
}

Status read_block_id(json::Value in, std::string_view name, BlockId& out) {
  const json::Value member = in.find(name);
  out = {};
  if (!member || member.is_null()) return {};
  XL_TRY(read_hex(member, "hash", out.hash));
  // CometBFT's RPC says `parts`, its light-client tools `part_set_header`.
  const json::Value rpc_name = member.find("parts");
  const json::Value parts = rpc_name ? rpc_name : member.find("part_set_header");
  if (!parts || parts.is_null()) return {};
  std::int64_t total = 0;
  XL_TRY(read_integer(parts, "total", total));
  if (total < 0 || total > std::numeric_limits<std::uint32_t>::max())
    return comet_json_error("total");
  out.parts.total = static_cast<std::uint32_t>(total);
  return read_hex(parts, "hash", out.parts.hash);
}

Status read_version(json::Value in, Header& out) {
  std::int64_t block = 0;
  std::int64_t app = 0;
  const json::Value version = in.find("version");
  XL_TRY(read_integer(version, "block", block));
  if (version.find("app")) XL_TRY(read_integer(version, "app", app));
  if (block < 0 || app < 0) return comet_json_error("version");
  out.version_block = static_cast<std::uint64_t>(block);
  out.version_app = static_cast<std::uint64_t>(app);
  return {};
}

Result<CommitSignature> read_signature(json::Value in) {
  CommitSignature out;
  std::int64_t flag = 0;
  XL_TRY(read_integer(in, "block_id_flag", flag));
  if (flag < 1 || flag > 3) return comet_json_error("block_id_flag");
  out.flag = static_cast<BlockIdFlag>(flag);
  XL_TRY(read_hex(in, "validator_address", out.address));
  XL_TRY(read_time(in, "timestamp", out.time));
  const auto signature = in.find("signature").as_string();
  if (signature && (signature->size() > 128 || !from_base64(*signature, out.signature))) {
    return comet_json_error("signature");
  }
  return out;
}

/// As `read_integer`, below zero too.
Status read_signed(json::Value in, std::string_view name, std::int64_t& out) {
  const auto text = in.find(name).as_string();
  if (!text || !text->starts_with('-')) return read_integer(in, name, out);
  std::uint64_t value = 0;
  if (!parse_decimal(text->substr(1), value) ||
      value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return comet_json_error(name);
  }
  out = -static_cast<std::int64_t>(value);
  return {};
}

Status read_base64(json::Value in, std::string_view name, std::string& out) {
  const json::Value member = in.find(name);
  if (!member || member.is_null()) return {};
  const auto text = member.as_string();
  Bytes bytes;
  if (!text || !from_base64(*text, bytes)) return comet_json_error(name);
  out = text_of(bytes);
  return {};
}

Status read_vote(json::Value in, wire::Vote& out) {
  std::int64_t type = 0;
  std::int64_t height = 0;
  std::int64_t round = 0;
  std::int64_t index = 0;
  BlockId block_id;
  Timestamp time;
  Bytes address;
  XL_TRY(read_integer(in, "type", type));
  XL_TRY(read_integer(in, "height", height));
  XL_TRY(read_integer(in, "round", round));
  XL_TRY(read_integer(in, "validator_index", index));
  XL_TRY(read_block_id(in, "block_id", block_id));
  XL_TRY(read_time(in, "timestamp", time));
  XL_TRY(read_hex(in, "validator_address", address));
  XL_TRY(read_base64(in, "signature", *out.mutable_signature()));
  XL_TRY(read_base64(in, "extension", *out.mutable_extension()));
  XL_TRY(read_base64(in, "extension_signature", *out.mutable_extension_signature()));
  out.set_type(static_cast<std::int32_t>(type));
  out.set_height(height);
  out.set_round(static_cast<std::int32_t>(round));
  out.set_validator_index(static_cast<std::int32_t>(index));
  to_wire(block_id, *out.mutable_block_id());
  to_wire(time, *out.mutable_timestamp());
  out.set_validator_address(std::string(text_of(address)));
  return {};
}

Result<std::string> read_duplicate_vote(json::Value in) {
  wire::DuplicateVoteEvidence out;
  std::int64_t total_power = 0;
  std::int64_t power = 0;
  Timestamp time;
  XL_TRY(read_vote(in.find("vote_a"), *out.mutable_vote_a()));
  XL_TRY(read_vote(in.find("vote_b"), *out.mutable_vote_b()));
  XL_TRY(read_integer(in, "TotalVotingPower", total_power));
  XL_TRY(read_integer(in, "ValidatorPower", power));
  XL_TRY(read_time(in, "Timestamp", time));
  out.set_total_voting_power(total_power);
  out.set_validator_power(power);
  to_wire(time, *out.mutable_timestamp());
  return std::string(text_of(encode(out)));
}

Status read_full_validator(json::Value in, wire::Validator& out) {
  std::int64_t power = 0;
  std::int64_t priority = 0;
  Bytes address;
  const json::Value key = in.find("pub_key");
  if (key.find("type").as_string() != key_type) return comet_json_error("pub_key");
  XL_TRY(read_hex(in, "address", address));
  XL_TRY(read_base64(key, "value", *out.mutable_pub_key()->mutable_ed25519()));
  XL_TRY(read_integer(in, "voting_power", power));
  XL_TRY(read_signed(in, "proposer_priority", priority));
  out.set_address(std::string(text_of(address)));
  out.set_voting_power(power);
  out.set_proposer_priority(priority);
  return {};
}

/// A genesis is this product's own: its addresses are lower-case, and may be left out.
bool states_address(json::Value validator, const Address& address, bool in_genesis) {
  const json::Value stated = validator.find("address");
  if (in_genesis && (!stated || stated.is_null() || stated.as_string() == "")) return true;
  return stated.as_string() == (in_genesis ? to_hex(address) : to_upper_hex(address));
}

Result<std::string> read_light_client_attack(json::Value in) {
  wire::LightClientAttackEvidence out;
  const json::Value block = in.find("ConflictingBlock");
  XL_TRY_ASSIGN(const Header header, read_header(block.find("signed_header").find("header")));
  XL_TRY_ASSIGN(const Commit commit, read_commit(block.find("signed_header").find("commit")));
  auto* conflicting = out.mutable_conflicting_block();
  to_wire(header, *conflicting->mutable_signed_header()->mutable_header());
  to_wire(commit, *conflicting->mutable_signed_header()->mutable_commit());
  const json::Value set = block.find("validator_set");
  for (const json::Value one : set.find("validators").items()) {
    XL_TRY(read_full_validator(one, *conflicting->mutable_validator_set()->add_validators()));
  }
  XL_TRY(read_full_validator(set.find("proposer"),
                             *conflicting->mutable_validator_set()->mutable_proposer()));
  for (const json::Value one : in.find("ByzantineValidators").items()) {
    XL_TRY(read_full_validator(one, *out.add_byzantine_validators()));
  }
  std::int64_t height = 0;
  std::int64_t total_power = 0;
  Timestamp time;
  XL_TRY(read_integer(in, "CommonHeight", height));
  XL_TRY(read_integer(in, "TotalVotingPower", total_power));
  XL_TRY(read_time(in, "Timestamp", time));
  out.set_common_height(height);
  out.set_total_voting_power(total_power);
  to_wire(time, *out.mutable_timestamp());
  return std::string(text_of(encode(out)));
}

}  // namespace

void write_header(json::Writer& out, const Header& header) {
  out.begin_object();
  out.key("version").begin_object();
  out.key("block").string(std::to_string(header.version_block));
  out.key("app").string(std::to_string(header.version_app)).end_object();
  out.key("chain_id").string(header.chain_id);
  out.key("height").string(std::to_string(header.height));
  out.key("time").string(to_rfc3339(header.time));
  out.key("last_block_id");
  write_block_id(out, header.last_block_id);
  out.key("last_commit_hash").string(to_upper_hex(header.last_commit_hash));
  out.key("data_hash").string(to_upper_hex(header.data_hash));
  out.key("validators_hash").string(to_upper_hex(header.validators_hash));
  out.key("next_validators_hash").string(to_upper_hex(header.next_validators_hash));
  out.key("consensus_hash").string(to_upper_hex(header.consensus_hash));
  out.key("app_hash").string(to_upper_hex(header.app_hash));
  out.key("last_results_hash").string(to_upper_hex(header.last_results_hash));
  out.key("evidence_hash").string(to_upper_hex(header.evidence_hash));
  out.key("proposer_address").string(to_upper_hex(header.proposer_address));
  out.end_object();
}

void write_commit(json::Writer& out, const Commit& commit) {
  out.begin_object();
  out.key("height").string(std::to_string(commit.height));
  out.key("round").integer(commit.round);
  out.key("block_id");
  write_block_id(out, commit.block_id);
  out.key("signatures").begin_array();
  for (const CommitSignature& signature : commit.signatures) {
    out.begin_object();
    out.key("block_id_flag").integer(static_cast<int>(signature.flag));
    out.key("validator_address").string(to_upper_hex(signature.address));
    out.key("timestamp").string(to_rfc3339(signature.time));
    out.key("signature").string(to_base64(signature.signature));
    out.end_object();
  }
  out.end_array().end_object();
}

void write_validators(json::Writer& out, const ValidatorSet& validators) {
  out.begin_object().key("validators").begin_array();
  for (const Validator& validator : validators) {
    out.begin_object();
    out.key("address").string(to_upper_hex(address_of(validator.public_key)));
    out.key("pub_key").begin_object().key("type").string(key_type);
    out.key("value").string(to_base64(validator.public_key)).end_object();
    out.key("voting_power").string(std::to_string(validator.power));
    out.end_object();
  }
  out.end_array().end_object();
}

void write_light_block(json::Writer& out, const LightBlock& block) {
  out.begin_object().key("signed_header").begin_object().key("header");
  write_header(out, block.header);
  out.key("commit");
  write_commit(out, block.commit);
  out.end_object().key("validator_set");
  write_validators(out, block.validators);
  out.end_object();
}

Result<Header> read_header(json::Value in) {
  if (!in.is_object()) return comet_json_error("header");
  Header out;
  XL_TRY(read_version(in, out));
  const auto chain_id = in.find("chain_id").as_string();
  if (!chain_id || chain_id->size() > limits::chain_id_bytes_max)
    return comet_json_error("chain_id");
  out.chain_id = *chain_id;
  XL_TRY(read_integer(in, "height", out.height));
  XL_TRY(read_time(in, "time", out.time));
  XL_TRY(read_block_id(in, "last_block_id", out.last_block_id));
  XL_TRY(read_hex(in, "last_commit_hash", out.last_commit_hash));
  XL_TRY(read_hex(in, "data_hash", out.data_hash));
  XL_TRY(read_hex(in, "validators_hash", out.validators_hash));
  XL_TRY(read_hex(in, "next_validators_hash", out.next_validators_hash));
  XL_TRY(read_hex(in, "consensus_hash", out.consensus_hash));
  XL_TRY(read_hex(in, "app_hash", out.app_hash));
  XL_TRY(read_hex(in, "last_results_hash", out.last_results_hash));
  XL_TRY(read_hex(in, "evidence_hash", out.evidence_hash));
  XL_TRY(read_hex(in, "proposer_address", out.proposer_address));
  return out;
}

Result<Commit> read_commit(json::Value in) {
  if (!in.is_object()) return comet_json_error("commit");
  Commit out;
  XL_TRY(read_integer(in, "height", out.height));
  std::int64_t round = 0;
  XL_TRY(read_integer(in, "round", round));
  if (round < 0 || round > std::numeric_limits<std::int32_t>::max())
    return comet_json_error("round");
  out.round = static_cast<std::int32_t>(round);
  XL_TRY(read_block_id(in, "block_id", out.block_id));
  const json::Value signatures = in.find("signatures");
  if (signatures.is_null()) return out;  // Go's empty list
  if (!signatures.is_array() || signatures.size() > limits::validators_max) {
    return comet_json_error("signatures");
  }
  for (const json::Value signature : signatures.items()) {
    XL_TRY_ASSIGN(CommitSignature decoded, read_signature(signature));
    out.signatures.push_back(std::move(decoded));
  }
  return out;
}

Result<ValidatorSet> read_validators(json::Value in) {
  const json::Value validators = in.find("validators");
  if (!validators.is_array() || validators.size() > limits::validators_max) {
    return comet_json_error("validators");
  }
  ValidatorSet out;
  for (const json::Value validator : validators.items()) {
    Validator decoded;
    const json::Value key = validator.find("pub_key");
    const auto value = key.find("value").as_string();
    if (key.find("type").as_string() != key_type || !value || value->size() > 64 ||
        !from_base64(*value, decoded.public_key)) {
      return comet_json_error("pub_key");
    }
    const bool genesis_form = validator.find("power").present();
    if (!states_address(validator, address_of(decoded.public_key), genesis_form)) {
      return comet_json_error("address");
    }
    XL_TRY(read_integer(validator, genesis_form ? "power" : "voting_power", decoded.power));
    out.push_back(std::move(decoded));
  }
  sort_validators(out);  // a genesis and some tools list members in another order
  return out;
}

Result<LightBlock> read_light_block(json::Value in) {
  LightBlock out;
  const json::Value signed_header = in.find("signed_header");
  XL_TRY_ASSIGN(out.header, read_header(signed_header.find("header")));
  XL_TRY_ASSIGN(out.commit, read_commit(signed_header.find("commit")));
  XL_TRY_ASSIGN(out.validators, read_validators(in.find("validator_set")));
  return out;
}

Result<EvidenceList> read_evidence(json::Value in) {
  EvidenceList out;
  const json::Value list = in.find("evidence");
  if (!list || list.is_null()) return out;  // Go's empty list
  if (!list.is_array()) return comet_json_error("evidence");
  for (const json::Value one : list.items()) {
    wire::Evidence evidence;
    const auto type = one.find("type").as_string();
    const json::Value value = one.find("value");
    if (type == "tendermint/DuplicateVoteEvidence") {
      XL_TRY_ASSIGN(*evidence.mutable_duplicate_vote(), read_duplicate_vote(value));
    } else if (type == "tendermint/LightClientAttackEvidence") {
      XL_TRY_ASSIGN(*evidence.mutable_light_client_attack(), read_light_client_attack(value));
    } else {
      return comet_json_error("evidence");
    }
    out.push_back(encode(evidence));
  }
  return out;
}

}  // namespace xl::model::comet
