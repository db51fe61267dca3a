// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <memory>

#include "base/clock.h"
#include "custody/custody.h"
#include "gateway/gateway.h"
#include "node/admin.h"
#include "node/config.h"
#include "node/disk.h"
#include "node/forgetting.h"
#include "node/keys.h"
#include "node/layout.h"
#include "node/ordering.h"

namespace xl::node {

/// What is told while a start makes again what was lost: how much of it is done.
struct StartProgress {
  std::function<void(std::uint64_t keys)> state = {};      ///< of the state tree
  std::function<void(std::uint64_t versions)> index = {};  ///< of the records' indexes
};

/// A running member of a network: store, chain, engine, custody and gateway, built in dependency
/// order.
/// Several can run in one process.
class Node {
 public:
  /// Opens everything in `layout` and starts serving. Errors: data_folder_missing,
  /// disk_nearly_full, keys_locked and those of opening keys, the genesis, the store, the chain and
  /// the server; config_invalid (an address for all without TLS). `clock` and `log` outlive the
  /// node.
  [[nodiscard]] static Result<std::unique_ptr<Node>> start(const Layout& layout,
                                                           const Config& config,
                                                           const Unlock& unlock, const Clock& clock,
                                                           const Log& log,
                                                           const StartProgress& progress = {});
  /// Stops: first the gateway, then custody, which anchors what it journalled, then the engine,
  /// which finishes what it took.
  ~Node();

  [[nodiscard]] std::uint16_t port() const { return gateway_->port(); }
  /// Loads the gateway's certificate and key again. Thread-safe.
  void reload_tls() { gateway_->reload_tls(); }
  [[nodiscard]] const query::Ledger& ledger() const { return *ledger_; }
  [[nodiscard]] ordering::Engine& engine() { return ordering_->engine(); }
  [[nodiscard]] custody::Custody& custody() { return *custody_; }

 private:
  Node() : registry_(contracts::make_registry()) {}
  [[nodiscard]] Status start_custody(const Layout& layout, const Config& config, const Log& log,
                                     const std::function<void(std::uint64_t)>& indexed);
  [[nodiscard]] Status open_faces(const Layout& layout, const Config& config);
  [[nodiscard]] Status start_admin(const Layout& layout, const Config& config, const Unlock& unlock,
                                   const Clock& clock, const Log& log);

  std::optional<vault::DirectoryLock> folder_lock_;
  contracts::Registry registry_;
  std::unique_ptr<const DiskWatch> disk_;
  std::unique_ptr<state::Database> database_;
  std::unique_ptr<chain::Chain> chain_;
  std::unique_ptr<query::Ledger> ledger_;
  std::unique_ptr<Ordering> ordering_;
  std::unique_ptr<Forgetting> forgetting_;
  std::optional<custody::LedgerPort> port_;
  std::unique_ptr<custody::Custody> custody_;
  std::unique_ptr<gateway::auth::Tokens> tokens_;
  std::unique_ptr<gateway::smart::Server> smart_;
  std::unique_ptr<gateway::credentials::Server> credentials_;
  std::unique_ptr<gateway::peer::Desk> peers_;
  std::unique_ptr<gateway::peer::Copies> copies_;
  std::unique_ptr<gateway::Gateway> gateway_;
  std::unique_ptr<AdminServer> admin_;
};

/// The organisations of the genesis, and of this node's own card, whose service keys are in the
/// folder: this node speaks for them. Errors: those of opening the keys.
[[nodiscard]] Result<std::vector<custody::Custody::Hosted>> hosted_organisations(
    const Layout& layout, const model::Genesis& genesis, const Unlock& unlock);

/// The same, their ids alone.
[[nodiscard]] std::vector<model::Id> hosted_ids(const Layout& layout,
                                                const model::Genesis& genesis);

/// Errors: keys_rotation_unfinished.
[[nodiscard]] Status check_keys_settled(const Layout& layout);

/// Reads the genesis of a data folder. Errors: data_folder_missing, genesis_malformed.
[[nodiscard]] Result<model::Genesis> load_genesis(const Layout& layout);

}  // namespace xl::node
