// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/log.h"
#include "chain/snapshot_maker.h"
#include "node/config.h"
#include "node/keys.h"
#include "node/layout.h"
#include "node/network/membership.h"
#include "ordering/cometbft/engine.h"
#include "ordering/cometbft/home.h"
#include "ordering/cometbft/signer.h"
#include "ordering/cometbft/supervisor.h"
#include "ordering/solo/engine.h"

namespace xl::node {

/// The keys a member orders with.
struct OrderingKeys {
  /// Nothing: an outside signer has it, or this member follows without voting (after a restore).
  std::optional<crypto::SigningKey> validator;
  std::optional<crypto::SigningKey> next_validator;  ///< once the members voted for it
  crypto::SigningKey envelope;
  std::optional<crypto::SigningKey> peer;  ///< names this node to other members' engines
};

/// Errors: those of opening keys, config_invalid (the folder holds a validator key beside an
/// outside signer).
[[nodiscard]] Result<OrderingKeys> load_ordering_keys(const Layout& layout,
                                                      const EngineSettings& settings,
                                                      const Unlock& unlock);

/// What a member's engine is configured with, and how its process is started.
[[nodiscard]] ordering::cometbft::EngineConfig engine_config(const Layout& layout,
                                                             const EngineSettings& settings,
                                                             const model::Genesis& genesis);
[[nodiscard]] ordering::cometbft::Program engine_program(const Layout& layout,
                                                         const EngineSettings& settings,
                                                         const model::Genesis& genesis);

/// The engine that a member's settings name, with its keys, and with CometBFT's process where it is
/// one.
class Ordering {
 public:
  /// Starts it. All arguments outlive the object. `room`: see `Intake::Options`. Errors: those of
  /// the engine; engine_failed, those of `SignGuard::open`.
  [[nodiscard]] static Result<std::unique_ptr<Ordering>> start(
      const Layout& layout, const EngineSettings& settings, OrderingKeys keys, chain::Chain& chain,
      const state::Database& database, const Clock& clock, const Log& log,
      std::function<Status()> room);
  ~Ordering() { stop(); }

  [[nodiscard]] ordering::Engine& engine() { return *engine_; }
  /// Hands a JSON-RPC request to the process beside this node; empty when there is none.
  [[nodiscard]] std::function<Result<std::string>(const std::string&)> light() const {
    return light_;
  }
  /// The process ends before the engine that serves it.
  void stop();

 private:
  explicit Ordering(OrderingKeys keys) : keys_(std::move(keys)) {}
  [[nodiscard]] Status start_comet(const Layout& layout, const EngineSettings& settings,
                                   chain::Chain& chain, const Clock& clock, const Log& log,
                                   ordering::Intake::Options intake);
  [[nodiscard]] Status write_home(const Layout& layout, const chain::Chain& chain, const Log& log);
  [[nodiscard]] Status start_signer(const Layout& layout, crypto::SigningKey key,
                                    const chain::Chain& chain, const Log& log);
  [[nodiscard]] ordering::Health::Signer look_at_signer(const Log& log);
  void follow_members(const Layout& layout, const chain::Chain& chain, const Log& log);

  OrderingKeys keys_;
  std::unique_ptr<chain::SnapshotMaker> snapshots_;
  std::function<Result<std::string>(const std::string&)> light_;
  ordering::cometbft::EngineConfig config_;
  std::vector<ordering::cometbft::Peer> settings_peers_;
  // Before the engine, whose watching thread asks for them until it is gone.
  std::mutex signer_mutex_;  // guards the next one, which comes when the members voted for a key
  std::unique_ptr<ordering::cometbft::Signer> signer_;
  std::string outside_signer_;
  unsigned looks_away_ = 0;  // watching thread only: in a row, at which no signer was there
  std::unique_ptr<ordering::Engine> engine_;
  std::unique_ptr<ordering::cometbft::Supervisor> supervisor_;
  std::optional<MemberWatch> watch_;
};

}  // namespace xl::node
