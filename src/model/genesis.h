// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>

#include "base/json/json.h"
#include "base/result.h"
#include "model/comet/header.h"

namespace xl::model {

/// The founding document: CometBFT's genesis.json with the ledger's own part in `app_state`. Its
/// bytes are the network's identity, so it is kept as read and never written again.
struct Genesis {
  Bytes raw;
  Hash network{};  ///< SHA-256(tag ‖ 0x00 ‖ suite ‖ raw): what transactions name
  std::string chain_id;
  comet::Timestamp time;
  comet::ValidatorSet validators;
  std::int64_t block_bytes_max = 0;
  std::int64_t block_gas_max = -1;
  std::uint64_t app_version = 1;
  json::Document document = json::Document::object();

  /// The section of one contract in `app_state`; absent when there is none.
  [[nodiscard]] json::Value section(std::string_view contract) const;
};

/// Reads a genesis document. Errors: genesis_malformed, file_too_large, json_invalid.
[[nodiscard]] Result<Genesis> read_genesis(ByteView raw);

}  // namespace xl::model
