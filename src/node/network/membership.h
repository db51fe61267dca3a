// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "chain/chain.h"
#include "contracts/governance/view.h"
#include "ordering/cometbft/home.h"
#include "ordering/cometbft/watch.h"

/// What the ledger's list of members means for a node's own engine.
namespace xl::node {

/// The engines that this node dials: those of present members but itself, at the addresses of
/// `settings` where it names them and they did not move since, and those of `settings` that the
/// ledger knows nothing of.
[[nodiscard]] std::vector<ordering::cometbft::Peer> peers_of(
    const model::StateReader& state, const std::string& own_id,
    const std::vector<ordering::cometbft::Peer>& settings);

/// The members with their organisations' names, those who were expelled too. `own_id`: which is
/// this node.
[[nodiscard]] std::vector<ordering::cometbft::KnownMember> known_members(
    const model::StateReader& state, const std::string& own_id);

/// Has the engine call those of `peers` that it is not connected to, where the list says they are.
void dial_peers(const std::filesystem::path& rpc_socket,
                const std::vector<ordering::cometbft::Peer>& peers);

/// May the node with this id (40 hex digits) be a peer? Present members' may, expelled ones' never;
/// `settings` decides on who was no member yet when this ledger stood where it stands.
[[nodiscard]] bool peer_allowed(const model::StateReader& state,
                                const std::vector<ordering::cometbft::Peer>& settings,
                                std::string_view id);

/// Does the next block count votes of this key?
[[nodiscard]] bool is_next_validator(const chain::Chain& chain, ByteView public_key);

/// Follows the members of the durable ledger and has the engine started again when it must: once
/// for each time somebody was expelled, one member after the other, so that they are never down
/// together; when the members' vote for `next_validator` takes effect; and when it stands still
/// while the others go on, at most once a minute. Who told another address or joined is dialled
/// there until the engine is connected, without a restart: a member that moves often disturbs
/// nobody. Its own thread.
class MemberWatch {
 public:
  /// What the watch asks and does, on its thread.
  struct Hooks {
    std::function<void()> restart;
    std::function<bool()> stuck;  ///< does the engine stand still while the others go on?
    std::function<void(std::string_view peer_id)> moved;  ///< has another address, or is new
    std::function<void()> dial;  ///< whom the engine lacks, at the addresses of now
  };
  /// `chain` outlives the object.
  MemberWatch(const chain::Chain& chain, std::string own_id, std::optional<Bytes> next_validator,
              Hooks hooks);
  ~MemberWatch();
  MemberWatch(const MemberWatch&) = delete;
  MemberWatch& operator=(const MemberWatch&) = delete;

 private:
  void run();
  void look();
  void follow_addresses(const std::vector<contracts::governance::Member>& members);
  /// False when it is time to stop.
  bool pause(std::chrono::milliseconds time);

  const chain::Chain& chain_;
  std::string own_id_;
  std::optional<Bytes> next_validator_;
  Hooks hooks_;
  std::chrono::steady_clock::time_point
      freed_;  // the engine was last started again for being stuck
  std::map<std::string, std::string> addresses_;  // of present members' engines, by id
  bool dialling_ = false;                         // somebody moved or joined since the start
  std::chrono::steady_clock::time_point dialled_;
  std::size_t expelled_ = 0;  // as many as the engine was started without
  std::uint64_t height_ = 0;  // that was looked at
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace xl::node
