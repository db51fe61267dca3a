// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "ordering/cometbft/watch.h"

#include <algorithm>

#include "base/checked.h"
#include "model/comet/header.h"
#include "ordering/cometbft/rpc.h"

namespace xl::ordering::cometbft {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::chrono::seconds watch_pause{2};
/// Agreement takes well under a second, a crashed proposer one round of three.
constexpr std::chrono::seconds agreed_within{10};
/// CometBFT's RoundStepPropose: before it there is nothing to agree on.
constexpr std::uint32_t step_propose = 3;
/// The round that began just now may have no votes yet.
constexpr std::size_t rounds_looked_at = 2;

Error unreadable() { return make_error(ErrorCode::engine_answer_invalid, "consensus_state"); }

/// Adds the positions marked in `BA{4:x_x_} 20/40 = 0.50`.
bool add_votes(std::string_view text, std::vector<bool>& voting) {
  const std::size_t from = text.find(':');
  const std::size_t to = text.find('}');
  if (from == text.npos || to == text.npos || to < from) return false;
  const std::string_view marks = text.substr(from + 1, to - from - 1);
  voting.resize(std::max(voting.size(), marks.size()));
  for (std::size_t i = 0; i < marks.size(); ++i) {
    if (marks[i] == 'x') voting[i] = true;
  }
  return true;
}

std::uint64_t milliseconds_since(Steady::time_point when) {
  const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - when);
  return static_cast<std::uint64_t>(passed.count());
}

}  // namespace

Result<RoundView> read_round(json::Value round_state) {
  RoundView out;
  const auto where = round_state.find("height/round/step").as_string();
  if (!where) return unreadable();
  const std::size_t first = where->find('/');
  const std::size_t last = where->rfind('/');
  std::uint64_t step = 0;
  if (first == where->npos || first == last ||
      !parse_decimal(where->substr(0, first), out.height) ||
      !parse_decimal(where->substr(last + 1), step)) {
    return unreadable();
  }
  out.step = static_cast<std::uint32_t>(step);
  const json::Value rounds = round_state.find("height_vote_set");
  for (std::size_t i = rounds.size() - std::min(rounds.size(), rounds_looked_at); i < rounds.size();
       ++i) {
    for (const char* kind : {"prevotes_bit_array", "precommits_bit_array"}) {
      if (!add_votes(rounds.at(i).find(kind).as_string().value_or(""), out.voting)) {
        return unreadable();
      }
    }
  }
  return out;
}

HealthWatch::HealthWatch(const chain::Chain& chain, std::filesystem::path rpc_socket,
                         std::vector<KnownMember> members)
    : chain_(chain), rpc_socket_(std::move(rpc_socket)), members_(std::move(members)) {
  since_ = waiting_since_ = Steady::now();
  last_.members = static_cast<std::uint32_t>(std::max<std::size_t>(members_.size(), 1));
  thread_ = std::thread([this] { run(); });
}

HealthWatch::~HealthWatch() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  stop_wanted_.notify_all();
  thread_.join();
}

Health HealthWatch::health() const {
  const std::scoped_lock lock(mutex_);
  Health out = last_;
  if (out.state != Health::State::healthy) out.for_ms = milliseconds_since(since_);
  return out;
}

void HealthWatch::run() {
  for (;;) {
    auto seen = look();
    std::unique_lock lock(mutex_);
    if (!seen.ok()) {
      seen = last_;
      seen->state = Health::State::engine_down;
      seen->silent.clear();
    }
    if (seen->state != last_.state) {
      since_ = seen->state == Health::State::halted ? waiting_since_ : Steady::now();
    }
    last_ = std::move(*seen);
    if (stop_wanted_.wait_for(lock, watch_pause, [&] { return stopping_; })) return;
  }
}

Result<Health> HealthWatch::look() {
  EngineRpc rpc(rpc_socket_);
  Health out;
  out.members = static_cast<std::uint32_t>(std::max<std::size_t>(members_.size(), 1));
  XL_TRY_ASSIGN(const json::Value net, rpc.call("net_info", "{}"));
  std::vector<std::string> connected;
  for (const json::Value peer : net.find("peers").items()) {
    connected.emplace_back(peer.find("node_info").find("id").as_string().value_or(""));
  }
  for (const KnownMember& member : members_) {
    const bool there =
        std::find(connected.begin(), connected.end(), member.node_id) != connected.end();
    if (!member.self && !there) out.unconnected.push_back(member.name);
  }
  XL_TRY_ASSIGN(const json::Value status, rpc.call("status", "{}"));
  const json::Value sync = status.find("sync_info");
  std::uint64_t known = 0;
  (void)parse_decimal(sync.find("latest_block_height").as_string().value_or(""), known);
  const std::uint64_t here = chain_.head().signed_height;
  out.behind_blocks = known > here ? known - here : 0;
  const bool catching_up = sync.find("catching_up").as_bool().value_or(false);
  XL_TRY_ASSIGN(const json::Value consensus, rpc.call("consensus_state", "{}"));
  XL_TRY_ASSIGN(const RoundView round, read_round(consensus.find("round_state")));
  const bool waiting = round.step >= step_propose;
  if (!waiting || round.height != waiting_height_) waiting_since_ = Steady::now();
  waiting_height_ = waiting ? round.height : 0;
  bool too_few = false;
  std::vector<std::string> silent = silent_of(round, too_few);
  if (waiting && too_few && Steady::now() - waiting_since_ > agreed_within) {
    out.state = Health::State::halted;
    out.silent = std::move(silent);
  } else if (catching_up && out.members > 1) {
    out.state = Health::State::lagging;
  }
  return out;
}

/// Names of the validators that do not vote; `too_few`: what the others have is not more than two
/// thirds.
std::vector<std::string> HealthWatch::silent_of(const RoundView& round, bool& too_few) const {
  std::vector<std::string> out;
  const auto way = chain_.validators_at(round.height);
  if (!way.ok()) return out;
  std::int64_t total = 0;
  std::int64_t voting = 0;
  for (std::size_t i = 0; i < way->size(); ++i) {
    const auto& validator = (*way)[i];
    total += validator.power;
    if (i < round.voting.size() && round.voting[i]) {
      voting += validator.power;
      continue;
    }
    const auto member = std::find_if(members_.begin(), members_.end(), [&](const KnownMember& one) {
      return one.validator_key == validator.public_key;
    });
    out.push_back(member != members_.end()
                      ? member->name
                      : to_hex(model::comet::address_of(validator.public_key)));
  }
  too_few = voting * 3 <= total * 2;
  return out;
}

}  // namespace xl::ordering::cometbft
