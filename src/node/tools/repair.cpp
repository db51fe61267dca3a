// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/tools/repair.h"

#include "crypto/hash.h"
#include "node/network/folder.h"
#include "node/node.h"
#include "node/ordering.h"
#include "node/tools/relay.h"
#include "ordering/cometbft/join.h"

namespace xl::node {
namespace {

namespace engine = ordering::cometbft;
namespace fs = std::filesystem;

/// A header that the genesis proves, from any member that answers: where the engine's light client
/// begins.
Result<model::comet::Header> trusted_header(const std::vector<client::NodeAddress>& members,
                                            const model::Genesis& genesis) {
  Error last = make_error(ErrorCode::engine_unreachable, "no other member was named");
  for (const client::NodeAddress& member : members) {
    client::HttpClient http(member);
    const auto answer = http.get("/ledger/v1/light");
    if (!answer.ok()) {
      last = answer.error();
      continue;
    }
    const auto receipt = model::read_receipt(answer->body);
    const Status proved =
        receipt.ok() ? model::verify_receipt(*receipt, genesis) : Status(receipt.error());
    if (proved.ok()) return receipt->block.header;
    last = make_error(proved.error().code, member.host + ":" + member.port);
  }
  return last;
}

/// Moves the ledger away and gives back where it is; a store that a running node has is refused.
Result<fs::path> set_ledger_aside(const Layout& layout) {
  std::error_code failure;
  if (!fs::exists(layout.ledger(), failure)) return fs::path();
  {
    const auto open = state::Database::open(layout.ledger(), {});
    if (!open.ok() && open.error().code == ErrorCode::store_locked) return open.error();
  }
  fs::create_directories(layout.set_aside(), failure);
  for (unsigned number = 1;; ++number) {
    fs::path to = layout.set_aside() / ("ledger-" + std::to_string(number));
    if (fs::exists(to, failure)) continue;
    fs::rename(layout.ledger(), to, failure);
    if (failure) return make_error(ErrorCode::file_unwritable, to.string());
    return to;
  }
}

/// Takes from the engine what it knows of the chain, but never what its validator signed last.
Status forget_engine_data(const engine::Home& home) {
  std::error_code failure;
  const fs::path folder = home.sign_state().parent_path();
  if (!fs::exists(folder, failure)) return {};
  for (const auto& entry : fs::directory_iterator(folder, failure)) {
    if (entry.path() != home.sign_state()) fs::remove_all(entry.path(), failure);
    if (failure) return make_error(ErrorCode::file_unwritable, entry.path().string());
  }
  return failure ? Status(make_error(ErrorCode::file_unwritable, folder.string())) : Status{};
}

engine::EngineConfig sync_config(const Layout& layout, const EngineSettings& settings,
                                 const model::Genesis& genesis,
                                 const std::vector<std::string>& servers,
                                 const model::comet::Header& trusted) {
  engine::EngineConfig out = engine_config(layout, settings, genesis);
  engine::EngineConfig::Sync sync;
  sync.servers = servers;
  if (sync.servers.size() == 1) sync.servers.push_back(sync.servers[0]);
  sync.trust_height = static_cast<std::uint64_t>(trusted.height);
  sync.trust_hash = model::comet::hash_of(trusted);
  out.sync = std::move(sync);
  return out;
}

/// Runs the engine until it has filled the store.
Result<engine::SnapshotJoin::State> join(
    const engine::EngineConfig& config, engine::Program program, state::Database& database,
    const model::Genesis& genesis,
    const std::function<bool(const RepairProgress& progress)>& go_on) {
  engine::SnapshotJoin joining(database, genesis);
  XL_TRY_ASSIGN(auto server,
                engine::AbciServer::start(config.abci_socket, [&](const auto& in, auto& out) {
                  joining.handle(in, out);
                }));
  auto running = engine::Supervisor::start(std::move(program), {});
  Result<engine::SnapshotJoin::State> out = engine::SnapshotJoin::State{};
  while (running.ok()) {
    out = joining.wait();
    if (!out->failure.ok()) out = out->failure.error();
    if (!out.ok() || out->finished) break;
    if (!go_on({out->height, out->chunks, out->taken})) {
      out = make_error(ErrorCode::node_stopping);
      break;
    }
  }
  joining.stop();
  if (running.ok()) (*running)->stop();
  server->stop();
  return running.ok() ? out : Result<engine::SnapshotJoin::State>(running.error());
}

}  // namespace

Result<Repaired> repair_ledger(const Layout& layout, const Config& config, const Unlock& unlock,
                               const std::vector<client::NodeAddress>& members,
                               const std::function<bool(const RepairProgress& progress)>& go_on) {
  if (config.engine.kind != EngineKind::cometbft || config.engine.peers.empty()) {
    return make_error(ErrorCode::config_invalid, "engine.peers: there is no other member");
  }
  XL_TRY_ASSIGN(const model::Genesis genesis, load_genesis(layout));
  XL_TRY(check_founded(layout, genesis));
  XL_TRY_ASSIGN(const OrderingKeys keys, load_ordering_keys(layout, config.engine.kind, unlock));
  XL_TRY_ASSIGN(const model::comet::Header trusted, trusted_header(members, genesis));
  XL_TRY_ASSIGN(const auto relay, Relay::start(members));
  std::vector<std::string> servers;
  for (std::size_t i = 0; i < members.size(); ++i) servers.push_back(relay->url(i));
  const engine::EngineConfig sync = sync_config(layout, config.engine, genesis, servers, trusted);
  const engine::Home home{layout.engine()};
  std::error_code failure;
  const bool began = fs::exists(layout.ledger(), failure);
  Repaired out;
  XL_TRY_ASSIGN(out.set_aside, set_ledger_aside(layout));
  XL_TRY(forget_engine_data(home));
  XL_TRY(engine::write_home(home, sync, genesis.raw, *keys.peer, keys.validator, began));
  fs::create_directories(sync.abci_socket.parent_path(), failure);
  XL_TRY_ASSIGN(const auto database, state::Database::open(layout.ledger(), {}));
  XL_TRY_ASSIGN(
      const engine::SnapshotJoin::State done,
      join(sync, engine_program(layout, config.engine, genesis), *database, genesis, go_on));
  out.height = done.height;
  out.refused = done.refused;
  return out;
}

}  // namespace xl::node
