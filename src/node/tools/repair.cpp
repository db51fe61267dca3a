// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/tools/repair.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
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

/// A light client gives up on a witness whose head lies before what it looks for. Members that keep
/// up are within a few blocks of each other.
constexpr std::int64_t lag_max = 10;

/// A member whose newest header the genesis proves.
struct Answering {
  client::NodeAddress address;
  model::comet::Header header;
  bool snapshot = false;    ///< it says that it offers one
  bool all_blocks = false;  ///< it says that it keeps every block
};

/// What a member says of itself; nothing of it is proved.
void ask_what_is_there(client::HttpClient& http, Answering& member) {
  const auto health = client::json_of(http.get("/health"));
  if (!health.ok()) return;
  const auto height = health->root().find("snapshot_height").as_string();
  member.snapshot = height && *height != "0";
  const auto first = health->root().find("first_block").as_string();
  member.all_blocks = first && (*first == "0" || *first == "1");
}

/// Asks each once. The highest proved header is first, and those that lag behind it are left out.
/// Errors: that of the last one when none answers as the genesis proves.
Result<std::vector<Answering>> answering_of(const std::vector<client::NodeAddress>& members,
                                            const model::Genesis& genesis) {
  std::vector<Answering> out;
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
    out.push_back({member, receipt->block.header});
    ask_what_is_there(http, out.back());
  }
  if (out.empty()) return last;
  std::stable_sort(out.begin(), out.end(), [](const Answering& a, const Answering& b) {
    return a.header.height > b.header.height;
  });
  const std::int64_t newest = out.front().header.height;
  std::erase_if(out, [&](const Answering& one) { return one.header.height + lag_max < newest; });
  return out;
}

/// What a repair moves away until it is done. A repair that is killed leaves both, and the next one
/// puts them back before it begins; the engine's data alone are left by one that was done.
struct Former {
  fs::path ledger;  ///< an empty folder when there was none
  fs::path engine;  ///< what the engine knows of the chain
};

Former former_of(const Layout& layout) {
  return {layout.set_aside() / "ledger-before-repair", layout.engine() / "data-before-repair"};
}

/// Moves the ledger and what the engine knows of the chain away; what the validator signed last is
/// elsewhere.
Status set_aside(const Layout& layout, const engine::Home& home) {
  const Former former = former_of(layout);
  std::error_code failure;
  fs::create_directories(layout.set_aside(), failure);
  if (fs::exists(layout.ledger(), failure)) {
    fs::rename(layout.ledger(), former.ledger, failure);
  } else {
    fs::create_directory(former.ledger, failure);
  }
  if (failure) return make_error(ErrorCode::file_unwritable, former.ledger.string());
  if (!fs::exists(home.data(), failure)) return {};
  fs::rename(home.data(), former.engine, failure);
  return failure ? Status(make_error(ErrorCode::file_unwritable, home.data().string())) : Status{};
}

/// After a repair that did not come to its end: the folder is as it was.
void put_back(const Layout& layout, const engine::Home& home) {
  const Former former = former_of(layout);
  std::error_code failure;
  if (!fs::exists(former.ledger, failure)) {
    fs::remove_all(former.engine, failure);
    return;
  }
  if (fs::exists(former.engine, failure)) {
    fs::remove_all(home.data(), failure);
    fs::rename(former.engine, home.data(), failure);
  }
  fs::remove_all(layout.ledger(), failure);
  if (fs::is_empty(former.ledger, failure)) {
    fs::remove(former.ledger, failure);
  } else {
    fs::rename(former.ledger, layout.ledger(), failure);
  }
}

/// The new ledger stays. Gives back where the former one is kept; empty: there was none.
Result<fs::path> keep_repaired(const Layout& layout) {
  const Former former = former_of(layout);
  std::error_code failure;
  fs::path to;
  if (fs::is_empty(former.ledger, failure)) {
    fs::remove(former.ledger, failure);
  } else {
    unsigned number = 1;
    do {
      to = layout.set_aside() / ("ledger-" + std::to_string(number++));
    } while (fs::exists(to, failure));
    fs::rename(former.ledger, to, failure);
  }
  if (failure) return make_error(ErrorCode::file_unwritable, former.ledger.string());
  fs::remove_all(former.engine, failure);
  return to;
}

/// Refuses a store that a running node or another repair has.
Status check_unused(const Layout& layout) {
  std::error_code failure;
  if (!fs::exists(layout.ledger(), failure)) return {};
  const auto open = state::Database::open(layout.ledger(), {});
  const bool locked = !open.ok() && open.error().code == ErrorCode::store_locked;
  return locked ? Status(open.error()) : Status{};
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

/// Removes what an attempt has taken.
void drop_attempt(const Layout& layout, const engine::Home& home) {
  std::error_code failure;
  fs::remove_all(layout.ledger(), failure);
  fs::remove_all(home.data(), failure);
}

/// Takes a snapshot with the help of those that answer; without those that gave nothing when an
/// attempt fails.
Result<engine::SnapshotJoin::State> restore(
    const Layout& layout, const EngineSettings& program, const EngineSettings& settings,
    const model::Genesis& genesis, const crypto::SigningKey& peer_key,
    std::vector<Answering> answering,
    const std::function<bool(const RepairProgress& progress)>& go_on) {
  const engine::Home home{layout.engine()};
  for (;;) {
    std::vector<client::NodeAddress> members;
    for (const Answering& one : answering) members.push_back(one.address);
    XL_TRY_ASSIGN(const auto relay, Relay::start(std::move(members)));
    std::vector<std::string> servers;
    for (std::size_t i = 0; i < answering.size(); ++i) servers.push_back(relay->url(i));
    const engine::EngineConfig sync =
        sync_config(layout, settings, genesis, servers, answering.front().header);
    XL_TRY(engine::write_home(home, sync, genesis.raw, peer_key));
    std::error_code failure;
    fs::create_directories(sync.abci_socket.parent_path(), failure);
    Result<engine::SnapshotJoin::State> done = engine::SnapshotJoin::State{};
    {
      XL_TRY_ASSIGN(const auto database, state::Database::open(layout.ledger(), {}));
      done = join(sync, engine_program(layout, program, genesis), *database, genesis, go_on);
    }
    if (done.ok() || done.error().code == ErrorCode::node_stopping) return done;
    std::vector<Answering> left;
    for (std::size_t i = 0; i < answering.size(); ++i) {
      if (!relay->failed(i)) left.push_back(answering[i]);
    }
    if (left.empty() || left.size() == answering.size()) return done;
    answering = std::move(left);
    drop_attempt(layout, home);
  }
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
  XL_TRY(check_unused(layout));
  const engine::Home home{layout.engine()};
  put_back(layout, home);  // what a killed one left
  EngineSettings settings = config.engine;
  settings.peers = peers_to_join(settings.peers, read_roster(layout, genesis));
  if (settings.kind != EngineKind::cometbft || settings.peers.empty()) {
    return make_error(ErrorCode::config_invalid, "engine.peers: there is no other member");
  }
  XL_TRY_ASSIGN(const OrderingKeys keys, load_ordering_keys(layout, config.engine, unlock));
  XL_TRY_ASSIGN(std::vector<Answering> answering, answering_of(members, genesis));
  const auto says = [&](bool Answering::*what) {
    return std::any_of(answering.begin(), answering.end(), std::mem_fn(what));
  };
  const bool snapshot = says(&Answering::snapshot);
  const bool all_blocks = says(&Answering::all_blocks);
  XL_TRY(set_aside(layout, home));
  Repaired out;
  if (snapshot) {
    const auto done =
        restore(layout, config.engine, settings, genesis, *keys.peer, std::move(answering), go_on);
    // Whoever said that there is one may have lied: the blocks are a way too.
    if (done.ok()) {
      out.height = done->height;
      out.refused = done->refused;
    } else if (done.error().code == ErrorCode::snapshot_not_found && all_blocks) {
      drop_attempt(layout, home);
    } else {
      put_back(layout, home);
      return done.error();
    }
  }
  XL_TRY_ASSIGN(out.set_aside, keep_repaired(layout));
  return out;
}

}  // namespace xl::node
