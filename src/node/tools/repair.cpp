// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/tools/repair.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <optional>
#include <set>
#include <utility>

#include "base/file.h"
#include "client/session.h"
#include "crypto/hash.h"
#include "node/folder_lock.h"
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
  /// What it says of itself, which nothing proves; nothing where it did not say.
  std::optional<bool> snapshot;    ///< it offers one
  std::optional<bool> all_blocks;  ///< it keeps every block

  [[nodiscard]] std::string name() const { return address.host + ":" + address.port; }
};

void ask_what_is_there(client::HttpClient& http, Answering& member) {
  const auto health = client::json_of(http.get("/health"));
  if (!health.ok()) return;
  const auto height = health->root().find("snapshot_height").as_string();
  const auto first = health->root().find("first_block").as_string();
  if (height) member.snapshot = *height != "0";
  if (first) member.all_blocks = *first == "0" || *first == "1";
}

/// Asks one member. Errors: those of `HttpClient` and of `verify_receipt`.
Result<Answering> ask_member(client::NodeAddress address, const model::Genesis& genesis) {
  Answering out;
  out.address = address;
  address.timeout_ms = ask_patience_ms;
  client::HttpClient http(std::move(address));
  XL_TRY_ASSIGN(const client::HttpResponse answer, http.get("/ledger/v1/light"));
  const auto receipt = model::read_receipt(answer.body);
  const Status proved =
      receipt.ok() ? model::verify_receipt(*receipt, genesis) : Status(receipt.error());
  if (!proved.ok()) return make_error(proved.error().code, out.name());
  out.header = receipt->block.header;
  ask_what_is_there(http, out);
  return out;
}

/// Asks all at the same time. The highest proved header is first. Errors: that of the last one when
/// none answers as the genesis proves.
Result<std::vector<Answering>> answering_of(const std::vector<client::NodeAddress>& members,
                                            const model::Genesis& genesis) {
  std::vector<std::future<Result<Answering>>> asked;
  for (const client::NodeAddress& member : members) {
    asked.push_back(std::async(std::launch::async,
                               [&member, &genesis] { return ask_member(member, genesis); }));
  }
  std::vector<Answering> out;
  Error last = make_error(ErrorCode::engine_unreachable, "no other member was named");
  for (auto& one : asked) {
    auto answer = one.get();
    if (answer.ok()) {
      out.push_back(std::move(*answer));
    } else {
      last = answer.error();
    }
  }
  if (out.empty()) return last;
  std::stable_sort(out.begin(), out.end(), [](const Answering& a, const Answering& b) {
    return a.header.height > b.header.height;
  });
  return out;
}

/// What the engine knows of the chain, while a repair runs.
fs::path former_engine(const Layout& layout) { return layout.engine() / "data-before-repair"; }

/// A rename within the folder, durable.
Status move_folder(const fs::path& from, const fs::path& to) {
  std::error_code failure;
  fs::rename(from, to, failure);
  if (failure) return make_error(ErrorCode::file_unwritable, to.string());
  XL_TRY(sync_directory(to.parent_path()));
  return sync_directory(from.parent_path());
}

/// Moves the ledger and what the engine knows of the chain away; what the validator signed last is
/// elsewhere. The ledger's place is taken by an empty folder when there was none. A repair that is
/// killed leaves both; the engine's data alone are left by one that was done.
Status set_aside(const Layout& layout, const engine::Home& home) {
  std::error_code failure;
  fs::create_directories(layout.set_aside(), failure);
  if (fs::exists(layout.ledger(), failure)) {
    XL_TRY(move_folder(layout.ledger(), layout.former_ledger()));
  } else {
    fs::create_directory(layout.former_ledger(), failure);
    if (failure) return make_error(ErrorCode::file_unwritable, layout.former_ledger().string());
  }
  if (!fs::exists(home.data(), failure)) return {};
  return move_folder(home.data(), former_engine(layout));
}

/// After a repair that did not come to its end: the folder is as it was.
Status put_back(const Layout& layout) {
  const engine::Home home{layout.engine()};
  std::error_code failure;
  if (!fs::exists(layout.former_ledger(), failure)) {
    fs::remove_all(former_engine(layout), failure);
    return {};
  }
  if (fs::exists(former_engine(layout), failure)) {
    fs::remove_all(home.data(), failure);
    XL_TRY(move_folder(former_engine(layout), home.data()));
  }
  fs::remove_all(layout.ledger(), failure);
  if (!fs::is_empty(layout.former_ledger(), failure)) {
    return move_folder(layout.former_ledger(), layout.ledger());
  }
  fs::remove(layout.former_ledger(), failure);
  return sync_directory(layout.set_aside());
}

/// The new ledger stays. Gives back where the former one is kept; empty: there was none.
Result<fs::path> keep_repaired(const Layout& layout) {
  std::error_code failure;
  fs::path to;
  if (fs::is_empty(layout.former_ledger(), failure)) {
    fs::remove(layout.former_ledger(), failure);
    XL_TRY(sync_directory(layout.set_aside()));
  } else {
    unsigned number = 1;
    do {
      to = layout.set_aside() / ("ledger-" + std::to_string(number++));
    } while (fs::exists(to, failure));
    XL_TRY(move_folder(layout.former_ledger(), to));
  }
  fs::remove_all(former_engine(layout), failure);
  return to;
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

/// Attempts to take a snapshot, each with the help of some of those that answer.
class Attempts {
 public:
  using GoOn = std::function<bool(const RepairProgress& progress)>;

  Attempts(const Layout& layout, const EngineSettings& program, const EngineSettings& settings,
           const model::Genesis& genesis, const crypto::SigningKey& peer_key, const GoOn& go_on)
      : layout_(layout),
        program_(program),
        settings_(settings),
        genesis_(genesis),
        peer_key_(peer_key),
        go_on_(go_on) {}

  /// First with those that keep up, then without those that gave nothing, then with each alone: one
  /// whose answers contradict the others' spoils every attempt that it is part of.
  Result<engine::SnapshotJoin::State> run(const std::vector<Answering>& answering,
                                          std::vector<std::string>& unhelpful) {
    std::vector<Answering> helpers;
    for (const Answering& one : answering) {
      if (one.header.height + lag_max >= answering.front().header.height) helpers.push_back(one);
    }
    Result<engine::SnapshotJoin::State> done = attempt(helpers);
    while (goes_on(done) && !silent_.empty() && silent_.size() < helpers.size()) {
      std::erase_if(helpers, [this](const Answering& one) { return silent_.contains(one.name()); });
      done = attempt(helpers);
    }
    if (goes_on(done) && answering.size() > 1) {
      for (const Answering& one : answering) {
        helpers = {one};
        done = attempt(helpers);
        if (!goes_on(done)) break;
      }
    }
    for (const Answering& one : answering) {
      const bool helped = std::any_of(helpers.begin(), helpers.end(), [&](const Answering& other) {
        return other.name() == one.name();
      });
      if (!helped) unhelpful.push_back(one.name());
    }
    return done;
  }

 private:
  /// Another attempt with other helpers may do better: it is the engine that failed.
  static bool goes_on(const Result<engine::SnapshotJoin::State>& done) {
    if (done.ok()) return false;
    const ErrorCode code = done.error().code;
    return code != ErrorCode::node_stopping && code != ErrorCode::snapshot_not_found &&
           code != ErrorCode::store_failed && code != ErrorCode::snapshot_invalid;
  }

  Result<engine::SnapshotJoin::State> attempt(const std::vector<Answering>& helpers) {
    const engine::Home home{layout_.engine()};
    drop_attempt(layout_, home);
    std::vector<client::NodeAddress> members;
    for (const Answering& one : helpers) members.push_back(one.address);
    XL_TRY_ASSIGN(const auto relay, Relay::start(std::move(members)));
    std::vector<std::string> servers;
    for (std::size_t i = 0; i < helpers.size(); ++i) servers.push_back(relay->url(i));
    const engine::EngineConfig sync =
        sync_config(layout_, settings_, genesis_, servers, helpers.front().header);
    XL_TRY(engine::write_home(home, sync, genesis_.raw, peer_key_));
    std::error_code failure;
    fs::create_directories(sync.abci_socket.parent_path(), failure);
    XL_TRY_ASSIGN(const auto database, state::Database::open(layout_.ledger(), {}));
    auto done =
        join(sync, engine_program(layout_, program_, genesis_), *database, genesis_, go_on_);
    silent_.clear();
    for (std::size_t i = 0; i < helpers.size(); ++i) {
      if (relay->failed(i)) silent_.insert(helpers[i].name());
    }
    return done;
  }

  const Layout& layout_;
  const EngineSettings& program_;
  const EngineSettings& settings_;
  const model::Genesis& genesis_;
  const crypto::SigningKey& peer_key_;
  const GoOn& go_on_;
  std::set<std::string> silent_;  // of the last attempt
};

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

Status undo_killed_repair(const Layout& layout) {
  XL_TRY_ASSIGN(const auto lock, lock_folder(layout));
  return put_back(layout);
}

Result<Repaired> repair_ledger(const Layout& layout, const Config& config, const Unlock& unlock,
                               const std::vector<client::NodeAddress>& members,
                               const std::function<bool(const RepairProgress& progress)>& go_on) {
  XL_TRY_ASSIGN(const model::Genesis genesis, load_genesis(layout));
  XL_TRY(check_founded(layout, genesis));
  XL_TRY_ASSIGN(const auto lock, lock_folder(layout));
  XL_TRY(put_back(layout));  // what a killed one left
  EngineSettings settings = config.engine;
  settings.peers = peers_to_join(settings.peers, read_roster(layout, genesis));
  if (settings.kind != EngineKind::cometbft || settings.peers.empty()) {
    return make_error(ErrorCode::config_invalid, "engine.peers: there is no other member");
  }
  XL_TRY_ASSIGN(const OrderingKeys keys, load_ordering_keys(layout, config.engine, unlock));
  XL_TRY_ASSIGN(const std::vector<Answering> answering, answering_of(members, genesis));
  const auto says = [&](std::optional<bool> Answering::*what, bool unsaid) {
    return std::any_of(answering.begin(), answering.end(),
                       [&](const Answering& one) { return (one.*what).value_or(unsaid); });
  };
  const bool snapshot = says(&Answering::snapshot, true);
  const bool all_blocks = says(&Answering::all_blocks, false);
  if (!snapshot && !all_blocks) {
    return make_error(ErrorCode::snapshot_not_found, "nor does one keep every block");
  }
  const engine::Home home{layout.engine()};
  Repaired out;
  Status done = set_aside(layout, home);
  if (done.ok() && snapshot) {
    Attempts attempts(layout, config.engine, settings, genesis, *keys.peer, go_on);
    const auto joined = attempts.run(answering, out.unhelpful);
    if (joined.ok()) {
      out.height = joined->height;
      out.refused = joined->refused;
    } else if (joined.error().code == ErrorCode::snapshot_not_found && all_blocks) {
      drop_attempt(layout, home);  // who said that there is one lied; the blocks are a way too
    } else {
      done = joined.error();
    }
  }
  if (done.ok()) {
    auto kept = keep_repaired(layout);
    if (kept.ok()) {
      out.set_aside = std::move(*kept);
      return out;
    }
    done = kept.error();
  }
  XL_TRY(put_back(layout));
  return done.error();
}

}  // namespace xl::node
