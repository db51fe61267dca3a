// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/tools/repair.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <utility>

#include "client/session.h"
#include "crypto/hash.h"
#include "node/network/folder.h"
#include "node/network/roster.h"
#include "node/node.h"
#include "node/ordering.h"
#include "node/tools/relay.h"
#include "ordering/cometbft/join.h"

namespace xl::node {
namespace {

namespace engine = ordering::cometbft;
namespace fs = std::filesystem;

/// A member that takes longer for one header is of no use to the engine either.
constexpr std::uint64_t ask_patience_ms = 10'000;
/// An engine that ends so often in a row, half a minute with the pauses between, will not do
/// better.
constexpr int engine_ends_max = 10;
/// The engine asks its peers for snapshots every few seconds.
constexpr std::chrono::minutes discovery_max{2};
/// From one piece to the next, and from the last one to the block behind it, which comes within a
/// minute also where nobody writes.
constexpr std::chrono::minutes stalled_max{5};

/// Members that answer, and a header that the genesis proves: where the engine's light client
/// begins. The engine gives up when one of those it is told of is silent, so those are left out.
struct Answering {
  std::vector<client::NodeAddress> members;
  std::optional<model::comet::Header> trusted;
  bool snapshot = false;  ///< one of them offers one
};

/// True when a member says that it offers a snapshot.
bool offers_snapshot(client::HttpClient& http) {
  const auto health = client::json_of(http.get("/health"));
  if (!health.ok()) return false;
  const auto height = health->root().find("snapshot_height").as_string();
  return height && *height != "0";
}

/// Asks each once. Errors: that of the last one when none answers as the genesis proves.
Result<Answering> answering_of(const std::vector<client::NodeAddress>& members,
                               const model::Genesis& genesis) {
  Answering out;
  Error last = make_error(ErrorCode::engine_unreachable, "no other member was named");
  for (const client::NodeAddress& member : members) {
    client::NodeAddress asked = member;
    asked.timeout_ms = ask_patience_ms;
    client::HttpClient http(std::move(asked));
    const auto answer = http.get("/ledger/v1/light");
    if (!answer.ok()) {
      last = answer.error();
      continue;
    }
    const auto receipt = model::read_receipt(answer->body);
    const Status proved =
        receipt.ok() ? model::verify_receipt(*receipt, genesis) : Status(receipt.error());
    if (!proved.ok()) {
      last = make_error(proved.error().code, member.host + ":" + member.port);
      continue;
    }
    out.members.push_back(member);
    out.snapshot = out.snapshot || offers_snapshot(http);
    if (!out.trusted) out.trusted = receipt->block.header;
  }
  if (!out.trusted) return last;
  return out;
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

/// Where what the engine knows of the chain is kept until the repair is done.
fs::path former_data(const engine::Home& home) {
  return home.data().parent_path() / "data-before-repair";
}

/// Takes from the engine what it knows of the chain. What the validator signed last is elsewhere.
Status set_engine_data_aside(const engine::Home& home) {
  std::error_code failure;
  if (!fs::exists(home.data(), failure)) return {};
  fs::remove_all(former_data(home), failure);
  fs::rename(home.data(), former_data(home), failure);
  return failure ? Status(make_error(ErrorCode::file_unwritable, home.data().string())) : Status{};
}

/// After a repair that did not come to its end: the folder is as it was.
void put_back(const Layout& layout, const engine::Home& home, const fs::path& set_aside) {
  std::error_code failure;
  fs::remove_all(layout.ledger(), failure);
  if (!set_aside.empty()) fs::rename(set_aside, layout.ledger(), failure);
  fs::remove_all(home.data(), failure);
  fs::rename(former_data(home), home.data(), failure);
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

/// The engines to join with: those of the list, then those that the settings alone name.
std::vector<engine::Peer> peers_to_join(const std::vector<engine::Peer>& settings,
                                        const Roster& roster) {
  std::vector<engine::Peer> out;
  for (const ListedMember& member : roster.members) {
    if (!member.self) out.push_back({member.peer_id, address_to_dial(member, settings)});
  }
  for (const engine::Peer& peer : settings) {
    const bool listed =
        std::any_of(roster.members.begin(), roster.members.end(),
                    [&](const ListedMember& one) { return one.peer_id == peer.node_id; });
    if (!listed) out.push_back(peer);
  }
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
  std::atomic<int> ends{0};
  std::atomic<ErrorCode> reason{ErrorCode::engine_failed};
  const std::string log = program.log.string();
  auto running = engine::Supervisor::start(std::move(program), [&](ErrorCode why) {
    reason = why;
    ++ends;
  });
  Result<engine::SnapshotJoin::State> out = engine::SnapshotJoin::State{};
  auto moved = std::chrono::steady_clock::now();
  std::uint64_t taken = 0;
  while (running.ok()) {
    out = joining.wait();
    if (std::exchange(taken, out->taken) != out->taken) moved = std::chrono::steady_clock::now();
    const auto stalled = std::chrono::steady_clock::now() - moved;
    if (!out->failure.ok()) out = out->failure.error();
    if (!out.ok() || out->finished) break;
    if (ends >= engine_ends_max) {
      out = make_error(reason, log);
      break;
    }
    if (stalled > (out->height == 0 ? discovery_max : stalled_max)) {
      out = make_error(
          out->height == 0 ? ErrorCode::snapshot_not_found : ErrorCode::engine_unreachable, log);
      break;
    }
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

Result<AskedGateways> gateways_to_ask(const Layout& layout) {
  XL_TRY_ASSIGN(const model::Genesis genesis, load_genesis(layout));
  const Roster roster = read_roster(layout, genesis);
  AskedGateways out;
  out.of_ledger = roster.of_ledger;
  for (const ListedMember& member : roster.members) {
    if (!member.self && !member.gateway.empty()) out.urls.push_back(member.gateway);
  }
  if (out.urls.empty()) return make_error(ErrorCode::gateways_untold);
  return out;
}

Result<Repaired> repair_ledger(const Layout& layout, const Config& config, const Unlock& unlock,
                               const std::vector<client::NodeAddress>& members,
                               const std::function<bool(const RepairProgress& progress)>& go_on) {
  XL_TRY_ASSIGN(const model::Genesis genesis, load_genesis(layout));
  XL_TRY(check_founded(layout, genesis));
  EngineSettings settings = config.engine;
  settings.peers = peers_to_join(settings.peers, read_roster(layout, genesis));
  if (settings.kind != EngineKind::cometbft || settings.peers.empty()) {
    return make_error(ErrorCode::config_invalid, "engine.peers: there is no other member");
  }
  XL_TRY_ASSIGN(const OrderingKeys keys, load_ordering_keys(layout, config.engine, unlock));
  XL_TRY_ASSIGN(const Answering answering, answering_of(members, genesis));
  XL_TRY_ASSIGN(const auto relay, Relay::start(answering.members));
  std::vector<std::string> servers;
  for (std::size_t i = 0; i < answering.members.size(); ++i) servers.push_back(relay->url(i));
  const engine::EngineConfig sync =
      sync_config(layout, settings, genesis, servers, *answering.trusted);
  const engine::Home home{layout.engine()};
  std::error_code failure;
  Repaired out;
  XL_TRY_ASSIGN(out.set_aside, set_ledger_aside(layout));
  XL_TRY(set_engine_data_aside(home));
  if (!answering.snapshot) {  // the node takes the blocks
    fs::remove_all(former_data(home), failure);
    return out;
  }
  const auto restore = [&]() -> Result<engine::SnapshotJoin::State> {
    XL_TRY(engine::write_home(home, sync, genesis.raw, *keys.peer));
    fs::create_directories(sync.abci_socket.parent_path(), failure);
    XL_TRY_ASSIGN(const auto database, state::Database::open(layout.ledger(), {}));
    return join(sync, engine_program(layout, config.engine, genesis), *database, genesis, go_on);
  };
  const auto done = restore();
  if (!done.ok()) {
    put_back(layout, home, out.set_aside);
    return done.error();
  }
  fs::remove_all(former_data(home), failure);
  out.height = done->height;
  out.refused = done->refused;
  return out;
}

}  // namespace xl::node
