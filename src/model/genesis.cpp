// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "model/genesis.h"

#include <algorithm>

#include "base/checked.h"
#include "crypto/hash.h"
#include "model/comet/json.h"
#include "model/limits.h"
#include "model/tags.h"

namespace xl::model {
namespace {

constexpr std::uint64_t format_version = 1;

Error genesis_error(std::string_view what) {
  return make_error(ErrorCode::genesis_malformed, what);
}

Status read_validators(json::Value root, Genesis& out) {
  auto validators = comet::read_validators(root);
  if (!validators.ok() || validators->empty()) return genesis_error("validators");
  out.validators = std::move(*validators);
  return {};
}

Status read_params(json::Value params, Genesis& out) {
  const auto bytes_max = params.find("block").find("max_bytes").as_string();
  const auto gas_max = params.find("block").find("max_gas").as_string();
  const auto app = params.find("version").find("app").as_string();
  std::uint64_t value = 0;
  if (!bytes_max || !parse_decimal(*bytes_max, value) || value == 0 ||
      value > limits::block_bytes_max * 4ULL) {
    return genesis_error("consensus_params.block.max_bytes");
  }
  out.block_bytes_max = static_cast<std::int64_t>(value);
  if (gas_max != "-1") return genesis_error("consensus_params.block.max_gas must be -1");
  if (!app || !parse_decimal(*app, out.app_version)) {
    return genesis_error("consensus_params.version.app");
  }
  return {};
}

}  // namespace

json::Value Genesis::section(std::string_view contract) const {
  return document.root().find("app_state").find(contract);
}

Result<Genesis> read_genesis(ByteView raw) {
  json::Limits bounds;
  bounds.bytes_max = limits::genesis_bytes_max;
  bounds.depth_max = 16;
  XL_TRY_ASSIGN(json::Document document, json::parse(text_of(raw), bounds));
  Genesis out;
  out.raw = copy_of(raw);
  out.network = crypto::tagged_hash(tags::network_id, {raw});
  const json::Value root = document.root();
  const auto chain_id = root.find("chain_id").as_string();
  if (!chain_id || chain_id->empty() || chain_id->size() > limits::chain_id_bytes_max) {
    return genesis_error("chain_id");
  }
  out.chain_id = *chain_id;
  const auto time = root.find("genesis_time").as_string();
  if (!time) return genesis_error("genesis_time");
  auto parsed_time = comet::timestamp_from_rfc3339(*time);
  if (!parsed_time.ok() || parsed_time->seconds < 0) return genesis_error("genesis_time");
  out.time = *parsed_time;
  if (root.find("initial_height").as_string() != "1")
    return genesis_error("initial_height must be 1");
  XL_TRY(read_params(root.find("consensus_params"), out));
  XL_TRY(read_validators(root, out));
  const json::Value state = root.find("app_state");
  if (state.find("format_version").as_uint64() != format_version) {
    return genesis_error("app_state.format_version");
  }
  if (state.find("suite").as_uint64() != static_cast<std::uint64_t>(crypto::Suite::international)) {
    return genesis_error("app_state.suite");
  }
  out.document = std::move(document);
  return out;
}

}  // namespace xl::model
