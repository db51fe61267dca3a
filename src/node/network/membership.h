// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "chain/chain.h"
#include "ordering/cometbft/home.h"

/// What the ledger's list of members means for a node's own engine.
namespace xl::node {

/// The engines that this node dials: those of present members but itself, at the addresses of
/// `settings` where it names them, and those of `settings` that the ledger knows nothing of.
[[nodiscard]] std::vector<ordering::cometbft::Peer> peers_of(
    const model::StateReader& state, const std::string& own_id,
    const std::vector<ordering::cometbft::Peer>& settings);

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
/// while the others go on, at most once a minute. Its own thread.
class MemberWatch {
 public:
  /// What the watch asks and does, on its thread.
  struct Hooks {
    std::function<void()> restart;
    std::function<bool()> stuck;  ///< does the engine stand still while the others go on?
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
  /// False when it is time to stop.
  bool pause(std::chrono::milliseconds time);

  const chain::Chain& chain_;
  std::string own_id_;
  std::optional<Bytes> next_validator_;
  Hooks hooks_;
  std::chrono::steady_clock::time_point
      freed_;                 // the engine was last started again for being stuck
  std::size_t expelled_ = 0;  // as many as the engine was started without
  std::uint64_t height_ = 0;  // that was looked at
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace xl::node
