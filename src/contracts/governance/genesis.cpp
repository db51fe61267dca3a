// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/governance/genesis.h"

#include "contracts/governance/changes.h"
#include "contracts/governance/parameters.h"
#include "contracts/governance/power.h"
#include "contracts/governance/records.h"
#include "crypto/signature.h"
#include "model/limits.h"

namespace xl::contracts::governance {

namespace wire = xinglin::governance::v1;

namespace {

constexpr std::size_t peer_id_bytes = 20;

Error genesis_error(std::string_view what) {
  return make_error(ErrorCode::genesis_malformed, what);
}

/// Where a member is, and what it keeps. Without a gateway or a role it tells none.
struct Places {
  std::string address;
  std::string gateway;
  bool archive = false;
};

Result<Places> read_places(json::Value in) {
  const auto address = in.find("address").as_string();
  const json::Value gateway = in.find("gateway");
  const json::Value archive = in.find("archive");
  const bool told = (!gateway.present() || gateway.is_string()) &&
                    (!archive.present() || archive.as_bool().has_value());
  if (!address || !told) return genesis_error("member");
  Places out{std::string(*address), std::string(gateway.as_string().value_or("")),
             archive.as_bool().value_or(false)};
  if (!check_places(out.address, out.gateway).ok()) return genesis_error("member");
  return out;
}

Status write_member(json::Value in, model::StateWriter& state) {
  XL_TRY_ASSIGN(const model::Id id,
                model::id_from_did(in.find("organisation").as_string().value_or("")));
  if (find_member(state, id)) return genesis_error("one member twice");
  const auto weight = in.find("weight").as_uint64();
  const auto power = in.find("power").as_uint64();
  XL_TRY_ASSIGN(const Places places, read_places(in));
  Bytes key;
  Bytes peer;
  if (!weight || *weight > limits::member_weight_max || !power ||
      *power > limits::member_power_max ||
      !from_base64(in.find("validator_key").as_string().value_or(""), key) ||
      !crypto::check_public_key(crypto::Algorithm::ed25519, key).ok() ||
      !from_hex(in.find("peer_id").as_string().value_or(""), peer) ||
      peer.size() != peer_id_bytes) {
    return genesis_error("member");
  }
  wire::MemberRecord record;
  record.set_weight(*weight);
  record.set_validator_key(key.data(), key.size());
  record.set_power(*power);
  record.set_peer_id(peer.data(), peer.size());
  record.set_address(places.address);
  record.set_gateway(places.gateway);
  record.set_archive(places.archive);
  store_record(state, member_key(id), record);
  return {};
}

}  // namespace

Status write_genesis(json::Value section, model::StateWriter& state) {
  if (!section.is_object()) return {};
  const json::Value members = section.find("members");
  if (!members.is_array() || members.size() == 0 || members.size() > limits::members_max) {
    return genesis_error("members");
  }
  for (const json::Value member : members.items()) XL_TRY(write_member(member, state));
  if (total_power(members_of(state)) == 0) return genesis_error("no member orders");
  wire::Parameters parameters = default_parameters();
  parameters.set_engine_fixed(section.find("engine_fixed").as_bool().value_or(false));
  store_record(state, parameters_key(), parameters);
  return {};
}

}  // namespace xl::contracts::governance
