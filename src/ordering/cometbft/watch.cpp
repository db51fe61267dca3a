// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "ordering/cometbft/watch.h"

#include <algorithm>
#include <utility>

#include "base/checked.h"
#include "model/comet/header.h"

namespace xl::ordering::cometbft {
namespace {

using Steady = std::chrono::steady_clock;

/// An engine reads its own store before it answers, seconds where that is large.
constexpr std::uint64_t starting_ms_max = 15'000;
constexpr std::chrono::seconds watch_pause{2};
/// Agreement takes well under a second, a crashed proposer one round of three.
constexpr std::chrono::seconds agreed_within{10};
/// CometBFT's RoundStepPropose: before it there is nothing to agree on.
constexpr std::uint32_t step_propose = 3;
/// Blocks that a validator is in none of before it is called silent: votes that come late are left
/// out of some.
constexpr std::uint64_t blocks_looked_at = 8;
/// Blocks that others may have more before this member is called behind: the last one or two are on
/// their way to a member that keeps up.
constexpr std::uint64_t behind_blocks_min = 3;
/// Names kept of validator keys that were replaced since the start.
constexpr std::size_t old_names_max = 1024;
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

std::vector<PeerHeight> read_peers(json::Value peers) {
  std::vector<PeerHeight> out;
  for (const json::Value peer : peers.items()) {
    const std::string_view address = peer.find("node_address").as_string().value_or("");
    const json::Value round = peer.find("peer_state").find("round_state");
    PeerHeight one{std::string(address.substr(0, address.find('@'))), 0};
    if (parse_decimal(round.find("height").as_string().value_or(""), one.height)) {
      out.push_back(std::move(one));
    }
  }
  return out;
}

std::uint64_t vouched_height(std::vector<std::pair<std::uint64_t, std::int64_t>> said,
                             std::int64_t total) {
  std::sort(said.rbegin(), said.rend());
  std::int64_t power = 0;
  for (const auto& [height, own] : said) {
    power += own;
    if (power * 3 > total) return height;
  }
  return 0;
}

HealthWatch::HealthWatch(const chain::Chain& chain, std::filesystem::path rpc_socket,
                         MemberSource members, std::function<Health::Signer()> signer)
    : chain_(chain),
      rpc_socket_(std::move(rpc_socket)),
      source_(std::move(members)),
      signer_(std::move(signer)) {
  last_.state = Health::State::starting;
  since_ = waiting_since_ = standing_since_ = behind_since_ = lagging_since_ = Steady::now();
  read_members(last_);
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
    const Health::Signer signer = signer_ ? signer_() : Health::Signer{};
    std::unique_lock lock(mutex_);
    if (!seen.ok()) {
      seen = last_;
      const bool starts =
          last_.state == Health::State::starting && milliseconds_since(since_) < starting_ms_max;
      if (!starts) seen->state = Health::State::engine_down;
      seen->silent.clear();
    }
    const bool never_came =
        last_.state == Health::State::starting && seen->state == Health::State::engine_down;
    if (seen->state != last_.state && !never_came) {
      since_ = seen->state == Health::State::halted    ? waiting_since_
               : seen->state == Health::State::stuck   ? standing_since_
               : seen->state == Health::State::lagging ? lagging_since_
                                                       : Steady::now();
    }
    last_ = std::move(*seen);
    last_.signer = signer;
    if (stop_wanted_.wait_for(lock, watch_pause, [&] { return stopping_; })) return;
  }
}

/// Who they are, and how many. A key that was replaced keeps its name while blocks tell of it.
void HealthWatch::read_members(Health& out) {
  members_ = source_();
  if (names_.size() > old_names_max) names_.clear();
  std::uint32_t present = 0;
  for (const KnownMember& member : members_) {
    names_[to_hex(model::comet::address_of(member.validator_key))] = member.name;
    present += member.present ? 1 : 0;
  }
  out.members = std::max<std::uint32_t>(present, 1);
}

Result<Health> HealthWatch::look() {
  EngineRpc rpc(rpc_socket_);
  Health out;
  read_members(out);
  XL_TRY_ASSIGN(const json::Value net, rpc.call("net_info", "{}"));
  std::vector<std::string> connected;
  for (const json::Value peer : net.find("peers").items()) {
    connected.emplace_back(peer.find("node_info").find("id").as_string().value_or(""));
  }
  for (const KnownMember& member : members_) {
    const bool there =
        std::find(connected.begin(), connected.end(), member.node_id) != connected.end();
    if (member.present && !member.self && !there) out.unconnected.push_back(member.name);
  }
  XL_TRY_ASSIGN(const json::Value status, rpc.call("status", "{}"));
  const json::Value sync = status.find("sync_info");
  std::uint64_t fetched = 0;
  (void)parse_decimal(sync.find("latest_block_height").as_string().value_or(""), fetched);
  const bool catching_up = sync.find("catching_up").as_bool().value_or(false);
  XL_TRY_ASSIGN(const json::Value consensus, rpc.call("consensus_state", "{}"));
  XL_TRY_ASSIGN(const RoundView round, read_round(consensus.find("round_state")));
  const auto told = others_at(rpc);
  const std::uint64_t others = told.ok() ? *told : 0;  // unknown is no reason to call anybody ill
  // Read last: what came meanwhile is not missing. Who agrees on a height has all below it.
  const std::uint64_t here = chain_.head().signed_height;
  const std::uint64_t known = std::max(fetched, others > 0 ? others - 1 : 0);
  out.behind_blocks = known > here ? known - here : 0;
  const bool waiting = round.step >= step_propose;
  if (!waiting || round.height != waiting_height_) waiting_since_ = Steady::now();
  waiting_height_ = waiting ? round.height : 0;
  out.misbehaved = misbehaved_present();
  bool too_few = false;
  std::vector<std::string> silent = silent_of(round, too_few);
  if (waiting && too_few && Steady::now() - waiting_since_ > agreed_within) {
    out.state = Health::State::halted;
    out.silent = std::move(silent);
    return out;
  }
  if (here != counted_height_) absent_ = absent_from_blocks();
  counted_height_ = here;
  out.silent = absent_;
  const bool lags = (catching_up && out.members > 1) || out.behind_blocks >= behind_blocks_min;
  if (!std::exchange(lagging_, lags)) lagging_since_ = Steady::now();
  if (!catching_up && is_stuck(round, others)) {
    out.state = Health::State::stuck;
  } else if (lags) {
    out.state = Health::State::lagging;
  }
  return out;
}

/// CometBFT that meets a block it cannot follow ends its agreement, and goes on answering as if
/// nothing were (consensus/state.go receiveRoutine). Whoever stands still while others that
/// cannot all be lying are further is such a one, or is cut off from what they send.
bool HealthWatch::is_stuck(const RoundView& round, std::uint64_t others) {
  const Steady::time_point now = Steady::now();
  if (round.height != standing_height_) {
    standing_height_ = round.height;
    standing_since_ = now;
    behind_ = false;
  }
  if (now - standing_since_ <= agreed_within) return false;
  const bool was_behind = std::exchange(behind_, others > round.height);
  if (!behind_) return false;
  if (!was_behind) behind_since_ = now;
  return now - behind_since_ > agreed_within;
}

/// The height that the others agree on, as far as validators among them vouch for it.
Result<std::uint64_t> HealthWatch::others_at(EngineRpc& rpc) const {
  XL_TRY_ASSIGN(const model::comet::ValidatorSet set, chain_.validators(chain_.head().height));
  XL_TRY_ASSIGN(const json::Value dump, rpc.call("dump_consensus_state", "{}"));
  std::int64_t total = 0;
  for (const auto& validator : set) total += validator.power;
  std::vector<std::pair<std::uint64_t, std::int64_t>> said;  // height, power
  for (const PeerHeight& peer : read_peers(dump.find("peers"))) {
    const auto member = std::find_if(members_.begin(), members_.end(),
                                     [&](const auto& one) { return one.node_id == peer.node_id; });
    if (member == members_.end()) continue;
    const auto validator = std::find_if(set.begin(), set.end(), [&](const auto& one) {
      return one.public_key == member->validator_key;
    });
    if (validator != set.end()) said.emplace_back(peer.height, validator->power);
  }
  return vouched_height(std::move(said), total);
}

/// Validators whose vote is in none of the last blocks, each of which holds more than two thirds
/// for the one before it.
std::vector<std::string> HealthWatch::absent_from_blocks() const {
  const std::uint64_t head = chain_.head().signed_height;
  if (head < chain_.base() + blocks_looked_at) return {};
  const auto before = chain_.validators_at(head - blocks_looked_at);
  const auto now = chain_.validators_at(head);
  if (!before.ok() || !now.ok()) return {};
  std::vector<Bytes> absent;
  for (const auto& validator : *now) {
    const bool long_enough = std::any_of(before->begin(), before->end(), [&](const auto& one) {
      return one.public_key == validator.public_key;
    });
    if (long_enough) absent.push_back(copy_of(model::comet::address_of(validator.public_key)));
  }
  for (std::uint64_t height = head; height > head - blocks_looked_at && !absent.empty(); --height) {
    const auto block = chain_.block(height);
    if (!block.ok()) return {};
    for (const auto& signature : block->last_commit.signatures) {
      if (signature.flag != model::comet::BlockIdFlag::commit) continue;
      std::erase(absent, signature.address);
    }
  }
  std::vector<std::string> out;
  for (const Bytes& address : absent) out.push_back(name_of(address));
  return out;
}

/// Each present validator of which something was proved, with the last time.
std::vector<Health::Misbehaved> HealthWatch::misbehaved_present() const {
  std::vector<Health::Misbehaved> out;
  const auto proved = chain_.misbehaviour();
  if (!proved.ok() || proved->empty()) return out;
  const auto set = chain_.validators(chain_.head().height + 1);
  if (!set.ok()) return out;
  for (const auto& validator : *set) {
    const auto address = model::comet::address_of(validator.public_key);
    const auto last = std::find_if(proved->rbegin(), proved->rend(),
                                   [&](const auto& one) { return equal(one.validator, address); });
    if (last == proved->rend()) continue;
    out.push_back({name_of(address), last->height, last->double_vote});
  }
  return out;
}

/// A validator's name for people, or its address.
std::string HealthWatch::name_of(ByteView address) const {
  const std::string text = to_hex(address);
  const auto found = names_.find(text);
  return found == names_.end() || found->second.empty() ? text : found->second;
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
    out.push_back(name_of(model::comet::address_of(validator.public_key)));
  }
  too_few = voting * 3 <= total * 2;
  return out;
}

}  // namespace xl::ordering::cometbft
