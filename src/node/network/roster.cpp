// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/network/roster.h"

#include <algorithm>

#include "contracts/api/state_value.h"
#include "contracts/governance/records.h"
#include "contracts/governance/view.h"
#include "contracts/identity/records.h"
#include "contracts/identity/state.pb.h"
#include "model/limits.h"
#include "node/node.h"
#include "state/database.h"

namespace xl::node {
namespace {

namespace governance = contracts::governance;

/// A store is opened for some hundred values.
constexpr std::size_t roster_cache_bytes = 4U << 20U;

/// The values of a store as they lie there; none where there is no store. A store that cannot be
/// read any further ends early.
class StoredValues final : public model::StateReader {
 public:
  explicit StoredValues(const state::Database* database) : database_(database) {}

  [[nodiscard]] bool get(ByteView key, Bytes& value) const override {
    if (database_ == nullptr) return false;
    const auto found = database_->get(state::Column::state, key, value);
    return found.ok() && *found;
  }
  void scan(ByteView prefix, ByteView from, std::uint32_t count_max,
            const std::function<bool(ByteView, ByteView)>& visit) const override {
    if (database_ == nullptr) return;
    std::uint32_t count = 0;
    (void)database_->scan(state::Column::state, prefix, from, [&](ByteView key, ByteView value) {
      return count++ < count_max && visit(key, value);
    });
  }

 private:
  const state::Database* database_;
};

/// Present members; nothing where a record cannot be read, as in a damaged store.
std::vector<ListedMember> listed_in(const model::StateReader& values,
                                    const std::vector<model::Id>& own) {
  std::vector<ListedMember> out;
  bool readable = true;
  const Bytes prefix = contracts::state_key(governance::contract_number, 'm');
  values.scan(prefix, prefix, limits::members_max, [&](ByteView key, ByteView value) {
    xinglin::governance::v1::MemberRecord record;
    const auto id = model::id_from_bytes(key.subspan(prefix.size()));
    readable = id.ok() && contracts::decode_record(value, record);
    if (!readable || !governance::is_present(record)) return readable;
    ListedMember& one = out.emplace_back();
    one.organisation = *id;
    one.peer_id = to_hex(view_of(record.peer_id()));
    one.address = record.address();
    one.gateway = record.gateway();
    one.archive = record.archive();
    one.moved = record.moved_ms() != 0;
    one.self = std::find(own.begin(), own.end(), *id) != own.end();
    return true;
  });
  if (!readable) return {};
  for (ListedMember& one : out) {
    Bytes value;
    xinglin::identity::v1::PartyRecord party;
    const bool named = values.get(contracts::identity::party_key(one.organisation), value) &&
                       contracts::decode_record(value, party);
    one.name = named ? party.name() : one.organisation.text();
  }
  return out;
}

}  // namespace

std::string address_to_dial(const ListedMember& member,
                            const std::vector<ordering::cometbft::Peer>& settings) {
  const auto named = std::find_if(settings.begin(), settings.end(),
                                  [&](const auto& peer) { return peer.node_id == member.peer_id; });
  return named == settings.end() || member.moved ? member.address : named->address;
}

Roster read_roster(const Layout& layout, const model::Genesis& genesis) {
  const std::vector<model::Id> own = hosted_ids(layout, genesis);
  state::Database::Options reading;
  reading.read_only = true;
  reading.cache_bytes = roster_cache_bytes;
  std::error_code failure;
  if (std::filesystem::exists(layout.ledger(), failure)) {
    const auto database = state::Database::open(layout.ledger(), reading);
    if (database.ok()) {
      Roster out{true, listed_in(StoredValues(database->get()), own)};
      if (!out.members.empty()) return out;
    }
  }
  const StoredValues nothing(nullptr);
  model::Overlay founding(nothing);
  const contracts::Registry registry = contracts::make_registry();
  for (const auto& contract : registry.all()) {
    contracts::OwnPrefixWriter writer(contract->number(), founding);
    if (!contract->initialise(genesis.section(contract->name()), writer).ok()) return {};
  }
  return {false, listed_in(founding, own)};
}

}  // namespace xl::node
