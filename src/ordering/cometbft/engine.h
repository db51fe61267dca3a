// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "ordering/cometbft/application.h"
#include "ordering/cometbft/watch.h"
#include "ordering/intake.h"

namespace xl::ordering::cometbft {

/// Bounds and places; local to a node.
struct Options {
  Intake::Options intake;
  std::filesystem::path abci_socket;  ///< where the engine finds this node
  std::filesystem::path rpc_socket;   ///< where this node finds the engine
  /// An envelope goes out when it holds so many transactions, so many bytes, or when the first in
  /// it has waited so long.
  std::size_t envelope_transactions = 256;
  std::size_t envelope_bytes = 512 * 1024;
  std::chrono::milliseconds envelope_patience{10};
  /// Transactions handed to the engine and not in a block yet.
  std::size_t in_flight_max = 20'000;
  /// Where snapshots for members who join are made; null: nowhere. Outlives the engine.
  chain::SnapshotMaker* snapshots = nullptr;
  /// Who the members of the network are now, for people. What it reads outlives the engine.
  MemberSource members;
  /// Who signs for this member, asked every two seconds on one thread.
  std::function<Health::Signer()> signer;
  /// `committed` is the engine's own.
  Application::Hooks hooks;
};

/// Several members order transactions with CometBFT, which runs beside this node and has it as its
/// application. A transaction is answered when its block is durable here and the next header, which
/// makes its receipt complete, is too.
///
/// Threads: those of the intake; one packs and sends; one collects headers and commits; one for
/// each connection of the engine. `envelope_key` is registered with the envelope purpose.
/// The process of the engine is the supervisor's. Errors of `start`: see `AbciServer::start`.
class CometEngine : public Engine {
 public:
  [[nodiscard]] static Result<std::unique_ptr<CometEngine>> make(
      chain::Chain& chain, const Clock& clock, const crypto::SigningKey& envelope_key,
      Options options);

  /// Hands a JSON-RPC request to the engine as it is and gives back its answer. Thread-safe.
  /// Errors: engine_unreachable.
  [[nodiscard]] virtual Result<std::string> forward(const std::string& request) = 0;

  /// The engine's connections to this node: 4 when it runs.
  [[nodiscard]] virtual std::size_t connections() const = 0;
};

}  // namespace xl::ordering::cometbft
