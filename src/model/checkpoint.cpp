// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "model/checkpoint.h"

#include <algorithm>
#include <tuple>

#include "base/checked.h"
#include "base/json/writer.h"
#include "model/limits.h"
#include "model/tags.h"

namespace xl::model {
namespace {

constexpr std::string_view checkpoint_schema = "xinglin/checkpoint/v1";
constexpr std::uint32_t checkpoint_depth_max = 8;

Error checkpoint_error(std::string_view what) {
  return make_error(ErrorCode::checkpoint_malformed, what);
}

bool key_less(const CheckpointKey& a, const CheckpointKey& b) {
  return std::tie(a.algorithm, a.public_key) < std::tie(b.algorithm, b.public_key);
}

/// An object with exactly this many members: one that was renamed is missed, one added is seen.
Status check_shape(json::Value in, std::size_t count, std::string_view what) {
  if (!in.is_object() || in.size() != count) return checkpoint_error(what);
  return {};
}

Result<Bytes> read_base64(json::Value in, std::string_view name, std::size_t bytes_max) {
  Bytes out;
  const auto text = in.find(name).as_string();
  if (!text || text->size() > (bytes_max + 2) / 3 * 4 || !from_base64(*text, out) || out.empty()) {
    return checkpoint_error(name);
  }
  return out;
}

Result<Hash> read_checkpoint_hash(json::Value in, std::string_view name) {
  Hash out{};
  const auto text = in.find(name).as_string();
  if (!text || !from_hex(*text, out)) return checkpoint_error(name);
  return out;
}

Result<std::int64_t> read_positive(json::Value in, std::string_view name) {
  std::uint64_t out = 0;
  const auto text = in.find(name).as_string();
  if (!text || !parse_decimal(*text, out) || out == 0 || out > INT64_MAX) {
    return checkpoint_error(name);
  }
  return static_cast<std::int64_t>(out);
}

Result<Id> read_organisation(json::Value in) {
  const auto id = id_from_did(in.find("organisation").as_string().value_or(""));
  if (!id.ok()) return checkpoint_error("organisation");
  return *id;
}

Result<comet::ValidatorSet> read_next_validators(json::Value in) {
  if (!in.is_array() || in.size() == 0 || in.size() > limits::validators_max) {
    return checkpoint_error("validators");
  }
  comet::ValidatorSet out;
  std::int64_t total = 0;
  for (const json::Value one : in.items()) {
    XL_TRY(check_shape(one, 2, "validators"));
    comet::Validator& validator = out.emplace_back();
    XL_TRY_ASSIGN(validator.public_key, read_base64(one, "public_key", 32));
    XL_TRY_ASSIGN(validator.power, read_positive(one, "power"));
    if (validator.public_key.size() != 32 || !checked_add(total, validator.power, total) ||
        total > limits::voting_power_total_max) {
      return checkpoint_error("validators");
    }
  }
  comet::ValidatorSet sorted = out;
  comet::sort_validators(sorted);
  if (sorted != out) return checkpoint_error("validators: order");
  return out;
}

Result<CheckpointMember> read_checkpoint_member(json::Value in) {
  XL_TRY(check_shape(in, 3, "members"));
  CheckpointMember out;
  XL_TRY_ASSIGN(out.organisation, read_organisation(in));
  const auto weight = in.find("weight").as_uint64();
  if (!weight || *weight > limits::member_weight_max) return checkpoint_error("weight");
  out.weight = *weight;
  const json::Value keys = in.find("keys");
  if (!keys.is_array() || keys.size() > limits::keys_live_max) return checkpoint_error("keys");
  for (const json::Value one : keys.items()) {
    XL_TRY(check_shape(one, 2, "keys"));
    const auto algorithm = one.find("algorithm").as_uint64();
    if (!algorithm || *algorithm == 0 || *algorithm > UINT8_MAX) {
      return checkpoint_error("algorithm");
    }
    CheckpointKey key{static_cast<crypto::Algorithm>(*algorithm), {}};
    XL_TRY_ASSIGN(key.public_key, read_base64(one, "public_key", limits::checkpoint_key_bytes_max));
    if (!out.keys.empty() && !key_less(out.keys.back(), key)) {
      return checkpoint_error("keys: order");
    }
    out.keys.push_back(std::move(key));
  }
  return out;
}

void write_content(json::Writer& out, const Checkpoint& checkpoint) {
  out.begin_object().key("network").string(to_hex(checkpoint.network));
  out.key("height").string(std::to_string(checkpoint.height));
  out.key("header_hash").string(to_hex(checkpoint.header_hash));
  out.key("validators").begin_array();
  for (const comet::Validator& one : checkpoint.validators) {
    out.begin_object().key("public_key").string(to_base64(one.public_key));
    out.key("power").string(std::to_string(one.power)).end_object();
  }
  out.end_array().key("members").begin_array();
  for (const CheckpointMember& member : checkpoint.members) {
    out.begin_object().key("organisation").string(did_text(member.organisation));
    out.key("weight").unsigned_integer(member.weight).key("keys").begin_array();
    for (const CheckpointKey& key : member.keys) {
      out.begin_object().key("algorithm").integer(static_cast<int>(key.algorithm));
      out.key("public_key").string(to_base64(key.public_key)).end_object();
    }
    out.end_array().end_object();
  }
  out.end_array().end_object();
}

Result<std::vector<CheckpointKey>> founding_keys(const Genesis& genesis, std::string_view did) {
  std::vector<CheckpointKey> out;
  for (const json::Value one : genesis.section("identity").find("organisations").items()) {
    if (one.find("did").as_string() != did) continue;
    for (const json::Value key : one.find("keys").items()) {
      const auto purposes = key.find("purposes").as_uint64();
      const auto algorithm = key.find("algorithm").as_uint64();
      const auto text = key.find("public_key").as_string();
      CheckpointKey read;
      if (!purposes || !algorithm || *algorithm > UINT8_MAX || !text ||
          !from_base64(*text, read.public_key) || out.size() == limits::keys_live_max) {
        return make_error(ErrorCode::genesis_malformed, "keys");
      }
      if ((*purposes & checkpoint_key_purpose) == 0) continue;
      read.algorithm = static_cast<crypto::Algorithm>(*algorithm);
      out.push_back(std::move(read));
    }
  }
  sort_keys(out);
  return out;
}

}  // namespace

void sort_keys(std::vector<CheckpointKey>& keys) { std::sort(keys.begin(), keys.end(), key_less); }

std::string checkpoint_content(const Checkpoint& checkpoint) {
  json::Writer out;
  write_content(out, checkpoint);
  return out.take();
}

Bytes checkpoint_signed_bytes(const Checkpoint& checkpoint) {
  Bytes out = copy_of(view_of(tags::checkpoint));
  out.push_back(0);
  append(out, view_of(checkpoint_content(checkpoint)));
  return out;
}

Result<Checkpoint> read_checkpoint_content(json::Value in) {
  XL_TRY(check_shape(in, 5, "checkpoint"));
  Checkpoint out;
  XL_TRY_ASSIGN(out.network, read_checkpoint_hash(in, "network"));
  XL_TRY_ASSIGN(const std::int64_t height, read_positive(in, "height"));
  out.height = static_cast<std::uint64_t>(height);
  XL_TRY_ASSIGN(out.header_hash, read_checkpoint_hash(in, "header_hash"));
  XL_TRY_ASSIGN(out.validators, read_next_validators(in.find("validators")));
  const json::Value members = in.find("members");
  if (!members.is_array() || members.size() == 0 || members.size() > limits::members_max) {
    return checkpoint_error("members");
  }
  for (const json::Value one : members.items()) {
    XL_TRY_ASSIGN(CheckpointMember member, read_checkpoint_member(one));
    if (!out.members.empty() &&
        !(out.members.back().organisation.bytes < member.organisation.bytes)) {
      return checkpoint_error("members: order");
    }
    out.members.push_back(std::move(member));
  }
  return out;
}

std::string write_checkpoint(const SignedCheckpoint& checkpoint) {
  json::Writer out(json::Style::pretty);
  out.begin_object().key("schema").string(checkpoint_schema).key("checkpoint");
  write_content(out, checkpoint.content);
  out.key("signatures").begin_array();
  for (const CheckpointSignature& one : checkpoint.signatures) {
    out.begin_object().key("organisation").string(did_text(one.organisation));
    out.key("public_key").string(to_base64(one.public_key));
    out.key("signature").string(to_base64(one.signature)).end_object();
  }
  return out.end_array().end_object().take() + "\n";
}

Result<SignedCheckpoint> read_checkpoint(std::string_view text) {
  json::Limits bounds;
  bounds.bytes_max = limits::checkpoint_bytes_max;
  bounds.depth_max = checkpoint_depth_max;
  XL_TRY_ASSIGN(const json::Document document, json::parse(text, bounds));
  const json::Value root = document.root();
  XL_TRY(check_shape(root, 3, "unknown member"));
  if (root.find("schema").as_string() != checkpoint_schema) return checkpoint_error("schema");
  SignedCheckpoint out;
  XL_TRY_ASSIGN(out.content, read_checkpoint_content(root.find("checkpoint")));
  const json::Value signatures = root.find("signatures");
  if (!signatures.is_array() || signatures.size() > limits::members_max) {
    return checkpoint_error("signatures");
  }
  for (const json::Value one : signatures.items()) {
    XL_TRY(check_shape(one, 3, "signatures"));
    CheckpointSignature read;
    XL_TRY_ASSIGN(read.organisation, read_organisation(one));
    XL_TRY_ASSIGN(read.public_key,
                  read_base64(one, "public_key", limits::checkpoint_key_bytes_max));
    XL_TRY_ASSIGN(read.signature, read_base64(one, "signature", limits::signature_bytes_max));
    if (!out.signatures.empty() &&
        !(out.signatures.back().organisation.bytes < read.organisation.bytes)) {
      return checkpoint_error("signatures: order");
    }
    out.signatures.push_back(std::move(read));
  }
  return out;
}

void add_signature(SignedCheckpoint& checkpoint, CheckpointSignature signature) {
  auto& all = checkpoint.signatures;
  const auto place =
      std::lower_bound(all.begin(), all.end(), signature,
                       [](const CheckpointSignature& a, const CheckpointSignature& b) {
                         return a.organisation.bytes < b.organisation.bytes;
                       });
  if (place != all.end() && place->organisation == signature.organisation) {
    *place = std::move(signature);
  } else {
    all.insert(place, std::move(signature));
  }
}

Result<std::vector<CheckpointMember>> founding_members(const Genesis& genesis) {
  const json::Value members = genesis.section("governance").find("members");
  if (!members.is_array() || members.size() == 0 || members.size() > limits::members_max) {
    return make_error(ErrorCode::genesis_malformed, "members");
  }
  std::vector<CheckpointMember> out;
  for (const json::Value one : members.items()) {
    const auto id = id_from_did(one.find("organisation").as_string().value_or(""));
    const auto weight = one.find("weight").as_uint64();
    if (!id.ok() || !weight || *weight > limits::member_weight_max) {
      return make_error(ErrorCode::genesis_malformed, "members");
    }
    XL_TRY_ASSIGN(std::vector<CheckpointKey> keys, founding_keys(genesis, did_text(*id)));
    out.push_back({*id, *weight, std::move(keys)});
  }
  std::sort(out.begin(), out.end(), [](const CheckpointMember& a, const CheckpointMember& b) {
    return a.organisation.bytes < b.organisation.bytes;
  });
  return out;
}

}  // namespace xl::model
