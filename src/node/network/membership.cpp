// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/network/membership.h"

#include <algorithm>

#include "contracts/governance/view.h"

namespace xl::node {
namespace {

namespace governance = contracts::governance;
using ordering::cometbft::Peer;

constexpr auto look_pause = std::chrono::milliseconds(500);
/// From one member's restart to the next: an engine is back in about two seconds.
constexpr auto turn = std::chrono::seconds(4);
/// Between two starts of an engine that stands still: catching up takes time.
constexpr auto stuck_pause = std::chrono::minutes(1);

std::string peer_id_of(const governance::Member& member) {
  return to_hex(view_of(member.record.peer_id()));
}

std::size_t count_expelled(const std::vector<governance::Member>& members) {
  return static_cast<std::size_t>(
      std::count_if(members.begin(), members.end(),
                    [](const auto& member) { return !governance::is_present(member.record); }));
}

}  // namespace

std::vector<Peer> peers_of(const model::StateReader& state, const std::string& own_id,
                           const std::vector<Peer>& settings) {
  std::vector<Peer> out;
  const std::vector<governance::Member> members = governance::members_of(state);
  for (const Peer& peer : settings) {
    if (peer.node_id != own_id && peer_allowed(state, settings, peer.node_id)) out.push_back(peer);
  }
  for (const governance::Member& member : members) {
    const std::string id = peer_id_of(member);
    const bool known =
        std::any_of(out.begin(), out.end(), [&](const Peer& peer) { return peer.node_id == id; });
    if (known || id == own_id || !governance::is_present(member.record)) continue;
    out.push_back({id, member.record.address()});
  }
  return out;
}

bool peer_allowed(const model::StateReader& state, const std::vector<Peer>& settings,
                  std::string_view id) {
  for (const governance::Member& member : governance::members_of(state)) {
    if (peer_id_of(member) == id) return governance::is_present(member.record);
  }
  return std::any_of(settings.begin(), settings.end(),
                     [id](const Peer& peer) { return peer.node_id == id; });
}

bool is_next_validator(const chain::Chain& chain, ByteView public_key) {
  const auto set = chain.validators(chain.head().height + 1);
  return set.ok() && std::any_of(set->begin(), set->end(), [&](const auto& validator) {
           return equal(validator.public_key, public_key);
         });
}

MemberWatch::MemberWatch(const chain::Chain& chain, std::string own_id,
                         std::optional<Bytes> next_validator, Hooks hooks)
    : chain_(chain),
      own_id_(std::move(own_id)),
      next_validator_(std::move(next_validator)),
      hooks_(std::move(hooks)),
      expelled_(count_expelled(governance::members_of(*chain.durable_state()))),
      thread_([this] { run(); }) {}

MemberWatch::~MemberWatch() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

bool MemberWatch::pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, time, [this] { return stopping_; });
}

void MemberWatch::run() {
  while (pause(look_pause)) look();
}

void MemberWatch::look() {
  const auto now = std::chrono::steady_clock::now();
  if (now > freed_ + stuck_pause && hooks_.stuck()) {
    freed_ = now;
    hooks_.restart();
  }
  const std::uint64_t height = chain_.head().height;
  if (height == height_) return;
  height_ = height;
  if (next_validator_ && is_next_validator(chain_, *next_validator_)) {
    next_validator_.reset();
    hooks_.restart();
  }
  const std::vector<governance::Member> members = governance::members_of(*chain_.durable_state());
  const std::size_t expelled = count_expelled(members);
  if (expelled == expelled_) return;
  expelled_ = expelled;
  std::size_t before = 0;
  for (const governance::Member& member : members) {
    if (peer_id_of(member) == own_id_) {
      if (!governance::is_present(member.record)) return;  // it has nobody to part from
      break;
    }
    before += governance::is_present(member.record) ? 1 : 0;
  }
  if (before == 0 || pause(turn * static_cast<int>(before))) hooks_.restart();
}

}  // namespace xl::node
