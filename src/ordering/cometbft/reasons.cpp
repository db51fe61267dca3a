// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "ordering/cometbft/reasons.h"

#include <array>

namespace xl::ordering::cometbft {
namespace {

/// What CometBFT, its store (goleveldb) and the system say, and what it comes from. The first that
/// is found counts: a full disk is behind many a damaged file.
struct Saying {
  std::string_view text;
  ErrorCode reason;
};
constexpr auto sayings = std::to_array<Saying>({
    {"no space left on device", ErrorCode::engine_disk_full},
    {"disk quota exceeded", ErrorCode::engine_disk_full},
    {"address already in use", ErrorCode::engine_address_taken},
    {"wrong Block.Header.", ErrorCode::engine_state_differs},  // state/validation.go
    {"AppHash", ErrorCode::engine_state_differs},           // state/errors.go, consensus/replay.go
    {"app block height", ErrorCode::engine_state_differs},  // state/errors.go
    {"app block hash", ErrorCode::engine_state_differs},
    {"state after replay", ErrorCode::engine_state_differs},
    {"leveldb: ", ErrorCode::engine_store_damaged},  // not in a stack's paths
    {"corrupted", ErrorCode::engine_store_damaged},  // goleveldb
    {"corruption", ErrorCode::engine_store_damaged},
    {"DataCorruptionError", ErrorCode::engine_store_damaged},  // consensus/wal.go
    {"cannot replay height", ErrorCode::engine_store_damaged},
    {"could not find block", ErrorCode::engine_store_damaged},
    {"could not find validator set", ErrorCode::engine_store_damaged},
    {"Error reading PrivValidator", ErrorCode::engine_settings_invalid},  // privval/file.go
    {"genesis_hash", ErrorCode::engine_settings_invalid},                 // commands/run_node.go
    {"error in config file", ErrorCode::engine_settings_invalid},         // commands/root.go
    {"node key", ErrorCode::engine_settings_invalid},                     // node/setup.go
    {"unknown flag", ErrorCode::engine_settings_invalid},
    {"unknown command", ErrorCode::engine_settings_invalid},
});

}  // namespace

ErrorCode reason_of_end(bool by_signal, std::string_view printed) {
  for (const Saying& one : sayings) {
    if (printed.find(one.text) != printed.npos) return one.reason;
  }
  return by_signal ? ErrorCode::engine_killed : ErrorCode::engine_failed;
}

}  // namespace xl::ordering::cometbft
