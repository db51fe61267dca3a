// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <filesystem>
#include <memory>

#include "base/json/json.h"
#include "chain/chain.h"

namespace xl::ordering::cometbft {

/// Asks the engine beside this node over its JSON-RPC socket (source: CometBFT v0.40 rpc/core).
/// One connection, kept open, made again when it broke. Not thread-safe: one for each thread.
class EngineRpc {
 public:
  /// `socket` is the unix socket of `rpc.laddr`.
  explicit EngineRpc(std::filesystem::path socket);
  ~EngineRpc();
  EngineRpc(const EngineRpc&) = delete;
  EngineRpc& operator=(const EngineRpc&) = delete;

  /// What CheckTx said of an envelope.
  struct Sent {
    std::uint32_t code = 0;  ///< 0: it is in the mempool
    Bytes data;              ///< of a refusal: see `Application`
  };
  /// Hands an envelope to the engine. Errors: engine_unreachable; engine_refused (its mempool is
  /// full, or it has this very envelope already).
  [[nodiscard]] Result<Sent> broadcast(ByteView envelope);

  /// Block `height` with a commit that makes it final; at the engine's head that is the commit this
  /// node saw, later the one the next block holds. Errors: engine_unreachable, engine_refused (not
  /// there yet, or pruned), engine_answer_invalid. Nothing is verified here.
  [[nodiscard]] Result<chain::SignedBlock> signed_block(std::uint64_t height);

  /// A JSON-RPC request as it is, and the answer's text. Errors: engine_unreachable.
  [[nodiscard]] Result<std::string> forward(const std::string& body);

  /// The member `result` of the answer to `method`; `params` is a JSON object's text. The document
  /// lives until the next call. Errors: engine_unreachable, engine_refused, engine_answer_invalid.
  [[nodiscard]] Result<json::Value> call(std::string_view method, std::string_view params);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace xl::ordering::cometbft
