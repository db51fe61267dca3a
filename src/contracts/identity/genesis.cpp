// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/identity/genesis.h"

#include "contracts/identity/keys.h"
#include "contracts/identity/records.h"
#include "crypto/signature.h"
#include "model/limits.h"

namespace xl::contracts::identity {
namespace {

using xinglin::identity::v1::KeyRecord;
using xinglin::identity::v1::PartyRecord;

constexpr std::size_t organisations_max = 1024;

Error genesis_error(std::string_view what) {
  return make_error(ErrorCode::genesis_malformed, what);
}

Status write_key(json::Value in, const model::Id& controller, model::StateWriter& state) {
  const auto algorithm_number = in.find("algorithm").as_uint64();
  const auto encoded = in.find("public_key").as_string();
  const auto purposes = in.find("purposes").as_uint64();
  Bytes public_key;
  if (!algorithm_number || !encoded || !purposes || !from_base64(*encoded, public_key)) {
    return genesis_error("organisation key");
  }
  if (*algorithm_number > 255 || *purposes == 0 || *purposes > 7) {
    return genesis_error("organisation key");
  }
  const auto algorithm = static_cast<crypto::Algorithm>(*algorithm_number);
  if (!crypto::check_public_key(algorithm, public_key).ok())
    return genesis_error("organisation key");
  KeyRecord key;
  key.set_controller(controller.bytes.data(), controller.bytes.size());
  key.set_algorithm(static_cast<std::uint32_t>(algorithm));
  key.set_public_key(public_key.data(), public_key.size());
  key.set_purposes(static_cast<std::uint32_t>(*purposes));
  const Hash key_id = model::key_id_of(algorithm, public_key);
  if (find_key(state, key_id)) return genesis_error("one key twice");
  store_key(state, key_id, key);
  return {};
}

Status write_organisation(json::Value in, model::StateWriter& state) {
  const auto did = in.find("did").as_string();
  const auto name = in.find("name").as_string();
  const auto type = in.find("type").as_uint64();
  if (!did || !name || !type || name->empty() || name->size() > limits::name_bytes_max ||
      *type == 0 || *type > static_cast<std::uint64_t>(OrganisationType::other)) {
    return genesis_error("organisation");
  }
  XL_TRY_ASSIGN(const model::Id id, model::id_from_did(*did));
  if (find_party(state, id)) return genesis_error("one organisation twice");
  const json::Value keys = in.find("keys");
  if (!keys.is_array() || keys.size() == 0 || keys.size() > limits::keys_live_max) {
    return genesis_error("organisation keys");
  }
  PartyRecord party;
  party.set_kind(static_cast<std::uint32_t>(PartyKind::organisation));
  party.set_name(std::string(*name));
  party.set_organisation_type(static_cast<std::uint32_t>(*type));
  party.set_key_count(static_cast<std::uint32_t>(keys.size()));
  store_record(state, party_key(id), party);
  for (const json::Value key : keys.items()) XL_TRY(write_key(key, id, state));
  if (!keeps_manager(state, id, Hash{})) return genesis_error("organisation without a manage key");
  return {};
}

}  // namespace

Status write_genesis(json::Value section, model::StateWriter& state) {
  const json::Value organisations = section.find("organisations");
  if (!organisations.is_array() || organisations.size() == 0 ||
      organisations.size() > organisations_max) {
    return genesis_error("organisations");
  }
  for (const json::Value organisation : organisations.items()) {
    XL_TRY(write_organisation(organisation, state));
  }
  return {};
}

}  // namespace xl::contracts::identity
