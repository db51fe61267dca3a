// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/network/membership.h"

#include <algorithm>

#include "base/json/writer.h"
#include "contracts/identity/view.h"
#include "ordering/cometbft/rpc.h"

namespace xl::node {
namespace {

namespace governance = contracts::governance;
using ordering::cometbft::Peer;

constexpr auto look_pause = std::chrono::milliseconds(500);
/// From one member's restart to the next: an engine is back in about two seconds.
constexpr auto turn = std::chrono::seconds(4);
/// Between two starts of an engine that stands still: catching up takes time.
constexpr auto stuck_pause = std::chrono::minutes(1);
/// Between two calls of whom the engine lacks. By itself it calls a lost member where it was when
/// it was connected (p2p/switch.go StopPeerForError), so this goes on for as long as it runs.
constexpr auto dial_pause = std::chrono::seconds(5);

std::string peer_id_of(const governance::Member& member) {
  return to_hex(view_of(member.record.peer_id()));
}

std::size_t count_expelled(const std::vector<governance::Member>& members) {
  return static_cast<std::size_t>(
      std::count_if(members.begin(), members.end(),
                    [](const auto& member) { return !governance::is_present(member.record); }));
}

std::map<std::string, std::string> addresses_in(const std::vector<governance::Member>& members,
                                                const std::string& own_id) {
  std::map<std::string, std::string> out;
  for (const governance::Member& member : members) {
    const std::string id = peer_id_of(member);
    if (governance::is_present(member.record) && id != own_id) out[id] = member.record.address();
  }
  return out;
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
    if (id == own_id || !governance::is_present(member.record)) continue;
    const auto known =
        std::find_if(out.begin(), out.end(), [&](const Peer& peer) { return peer.node_id == id; });
    if (known == out.end()) {
      out.push_back({id, member.record.address()});
    } else if (member.record.moved_ms() != 0) {
      known->address = member.record.address();  // the settings name the place it left
    }
  }
  return out;
}

std::vector<ordering::cometbft::KnownMember> known_members(const model::StateReader& state,
                                                           const std::string& own_id) {
  std::vector<ordering::cometbft::KnownMember> out;
  for (const governance::Member& member : governance::members_of(state)) {
    const auto party = contracts::identity::find_party(state, member.id);
    const std::string id = peer_id_of(member);
    out.push_back({party ? party->name() : member.id.text(), id,
                   copy_of(view_of(member.record.validator_key())), id == own_id,
                   governance::is_present(member.record)});
  }
  return out;
}

void dial_peers(const std::filesystem::path& rpc_socket, const std::vector<Peer>& peers) {
  ordering::cometbft::EngineRpc rpc(rpc_socket);
  const auto net = rpc.call("net_info", "{}");
  if (!net.ok()) return;
  std::size_t connected = 0;
  for (const json::Value one : net->find("peers").items()) {
    const auto id = one.find("node_info").find("id").as_string();
    connected += static_cast<std::size_t>(std::count_if(
        peers.begin(), peers.end(), [&](const Peer& peer) { return peer.node_id == id; }));
  }
  if (connected == peers.size()) return;
  // All of them: the list takes the place of the one that the engine calls again by itself.
  json::Writer params;
  params.begin_object().key("peers").begin_array();
  for (const Peer& peer : peers) params.string(peer.node_id + "@" + peer.address);
  params.end_array().key("persistent").boolean(true);
  (void)rpc.call("dial_peers", params.end_object().take());  // tried again
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
      addresses_(addresses_in(governance::members_of(*chain.durable_state()), own_id_)),
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

void MemberWatch::follow_addresses(const std::vector<governance::Member>& members) {
  std::map<std::string, std::string> now = addresses_in(members, own_id_);
  for (const auto& [id, address] : now) {
    const auto before = addresses_.find(id);
    if (before != addresses_.end() && before->second == address) continue;
    hooks_.moved(id);
    dialling_ = true;
  }
  addresses_ = std::move(now);
}

void MemberWatch::look() {
  const auto now = std::chrono::steady_clock::now();
  if (dialling_ && now > dialled_ + dial_pause) {
    dialled_ = now;
    hooks_.dial();
  }
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
  follow_addresses(members);
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
