// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "chain/chain.h"
#include "ordering/cometbft/rpc.h"
#include "ordering/health.h"

namespace xl::ordering::cometbft {

/// A member of the network, for people.
struct KnownMember {
  std::string name;
  std::string node_id;  ///< CometBFT's, 40 hex digits
  Bytes validator_key;  ///< public
  bool self = false;
  bool present = true;  ///< false: it was expelled
};

/// Who the members are now. Called by the watch alone, every two seconds.
using MemberSource = std::function<std::vector<KnownMember>()>;

/// The highest height at which members with more than a third of the voting power say they are,
/// from (height, power) of those who say something: at least one of them is honest. 0 when they are
/// too few. `total`: the power of all.
[[nodiscard]] std::uint64_t vouched_height(std::vector<std::pair<std::uint64_t, std::int64_t>> said,
                                           std::int64_t total);

/// What the engine says of the height it is agreeing on (RPC `consensus_state`).
struct RoundView {
  std::uint64_t height = 0;
  std::uint32_t step = 0;    ///< CometBFT's number: 3 and more when there is something to agree on
  std::vector<bool> voting;  ///< by position in the validator set: voted in one of the last rounds
};

/// Reads `round_state` of the answer. Errors: engine_answer_invalid.
[[nodiscard]] Result<RoundView> read_round(json::Value round_state);

/// A peer and the height it says it is agreeing on.
struct PeerHeight {
  std::string node_id;  ///< 40 hex digits
  std::uint64_t height = 0;
};

/// Reads `peers` of the answer to `dump_consensus_state`; what is not understood is left out, as it
/// is what peers say of themselves.
[[nodiscard]] std::vector<PeerHeight> read_peers(json::Value peers);

/// Asks the engine every two seconds how it goes, so that it is known for how long. Thread-safe.
class HealthWatch {
 public:
  /// `chain` outlives it, and what `members` reads too. `signer` is asked on its thread who signs
  /// for this member.
  HealthWatch(const chain::Chain& chain, std::filesystem::path rpc_socket, MemberSource members,
              std::function<Health::Signer()> signer);
  ~HealthWatch();
  HealthWatch(const HealthWatch&) = delete;
  HealthWatch& operator=(const HealthWatch&) = delete;

  [[nodiscard]] Health health() const;

 private:
  void run();
  [[nodiscard]] Result<Health> look();
  [[nodiscard]] std::vector<std::string> silent_of(const RoundView& round, bool& halted) const;
  [[nodiscard]] std::vector<std::string> absent_from_blocks() const;
  [[nodiscard]] std::vector<Health::Misbehaved> misbehaved_present() const;
  [[nodiscard]] Result<std::uint64_t> others_at(EngineRpc& rpc) const;
  [[nodiscard]] std::string name_of(ByteView address) const;
  [[nodiscard]] bool is_stuck(const RoundView& round, std::uint64_t others);
  void read_members(Health& out);

  const chain::Chain& chain_;
  const std::filesystem::path rpc_socket_;
  const MemberSource source_;
  const std::function<Health::Signer()> signer_;
  std::vector<KnownMember> members_;          // watching thread only
  std::map<std::string, std::string> names_;  // watching thread only: of keys before, by address
  bool lagging_ = false;                      // watching thread only: since lagging_since_
  std::chrono::steady_clock::time_point lagging_since_;
  std::uint64_t waiting_height_ = 0;  // watching thread only: agreed on since waiting_since_
  std::chrono::steady_clock::time_point waiting_since_;
  std::uint64_t standing_height_ = 0;  // watching thread only: the engine is at since
  std::chrono::steady_clock::time_point standing_since_;
  std::chrono::steady_clock::time_point behind_since_;  // others were seen ahead of it
  bool behind_ = false;
  std::uint64_t counted_height_ = 0;  // watching thread only: who is in the blocks up to it
  std::vector<std::string> absent_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable stop_wanted_;
  Health last_;
  std::chrono::steady_clock::time_point since_;  // of last_.state
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace xl::ordering::cometbft
