// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: a node finds the others where the ledger says they are, and a stopped one too. Method: the
// list of a ledger in memory with settings that name old and foreign places; a folder whose store
// holds the members of docs/reference/formats.md, altered and damaged through the store itself.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/file.h"
#include "chain/chain.h"
#include "contracts/governance/tests/votes.h"
#include "model/tests/vectors.h"
#include "node/network/membership.h"
#include "node/network/roster.h"
#include "node/tools/repair.h"

namespace xl::node {
namespace {

namespace fs = std::filesystem;
namespace votes = contracts::testing::votes;
namespace governance = contracts::governance;
namespace vectors = model::vectors;
using contracts::testing::id;
using contracts::testing::Ledger;
using ordering::cometbft::Peer;

std::string peer_id_of(const Ledger& ledger, const std::string& name) {
  return to_hex(view_of(governance::find_member(ledger.state(), id(name))->peer_id()));
}

std::string address_of(const std::vector<Peer>& peers, const std::string& id) {
  for (const Peer& peer : peers) {
    if (peer.node_id == id) return peer.address;
  }
  return {};
}

TEST(Members, AreDialledWhereTheSettingsSayUntilTheyMove) {
  Ledger ledger;
  const std::string north = peer_id_of(ledger, "north");
  const std::string south = peer_id_of(ledger, "south");
  const std::string stranger(40, 'e');
  const std::vector<Peer> settings = {{south, "10.0.0.2:1"}, {stranger, "10.0.0.9:9"}};
  auto peers = peers_of(ledger.state(), north, settings);
  EXPECT_EQ(peers.size(), 3U);
  EXPECT_EQ(address_of(peers, north), "") << "itself";
  EXPECT_EQ(address_of(peers, south), "10.0.0.2:1");
  EXPECT_EQ(address_of(peers, stranger), "10.0.0.9:9");
  EXPECT_EQ(address_of(peers, peer_id_of(ledger, "insurer")), "insurer.example:26656");

  // Another gateway moves no engine; another address does.
  ASSERT_EQ(votes::send(ledger, governance::update_member_type,
                        votes::update("south", false, "https://s.example"), {"south"}),
            contracts::applied);
  EXPECT_EQ(address_of(peers_of(ledger.state(), north, settings), south), "10.0.0.2:1");
  auto told = votes::update("south");
  told.set_address("new.example:2");
  ASSERT_EQ(votes::send(ledger, governance::update_member_type, told, {"south"}),
            contracts::applied);
  EXPECT_EQ(address_of(peers_of(ledger.state(), north, settings), south), "new.example:2");
}

TEST(Members, HaveTheNamesAndKeysOfTheLedger) {
  Ledger ledger;
  ASSERT_EQ(votes::attest_newcomer(ledger, "west"), contracts::applied);
  ASSERT_EQ(votes::decide(ledger, votes::admission("p", "west"), {}),
            governance::ProposalStatus::executed);
  ASSERT_EQ(votes::decide(ledger, votes::validator("q", "south", "new key", 10), {}),
            governance::ProposalStatus::executed);
  ASSERT_EQ(votes::decide(ledger, votes::expulsion("r", "insurer"),
                          {"north", "south", "insurer", "west"}),
            governance::ProposalStatus::executed);
  std::map<std::string, ordering::cometbft::KnownMember> by_name;
  for (auto& one : known_members(ledger.state(), peer_id_of(ledger, "north"))) {
    by_name[one.node_id] = one;
  }
  ASSERT_EQ(by_name.size(), 4U);
  EXPECT_EQ(by_name[peer_id_of(ledger, "west")].name, "Test west");
  EXPECT_EQ(by_name[peer_id_of(ledger, "south")].validator_key,
            contracts::testing::key("new key").signing.public_key());
  EXPECT_TRUE(by_name[peer_id_of(ledger, "north")].self);
  EXPECT_FALSE(by_name[peer_id_of(ledger, "south")].self);
  EXPECT_FALSE(by_name[peer_id_of(ledger, "insurer")].present);
  EXPECT_TRUE(by_name[peer_id_of(ledger, "west")].present);
}

/// A folder of North's, with the network of the formats' pages.
class RosterOfAFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(layout.root);
    fs::create_directories(layout.keys());
    ASSERT_TRUE(write_file_durably(layout.genesis(), vectors::genesis().raw).ok());
    ASSERT_TRUE(write_file_durably(layout.service_key(party(1).text()), Bytes{1}).ok());
  }
  void TearDown() override { fs::remove_all(layout.root); }

  static model::Id party(std::uint8_t number) {
    model::Id out;
    out.bytes[0] = 15;
    out.bytes[15] = number;
    return out;
  }

  /// Founds the ledger of the folder; `change` may alter what it holds.
  void found(const std::function<void(state::Batch&)>& change) {
    auto database = state::Database::open(layout.ledger(), {});
    ASSERT_TRUE(database.ok());
    const contracts::Registry registry = contracts::make_registry();
    ASSERT_TRUE(chain::Chain::open(**database, registry, vectors::genesis()).ok());
    state::Batch batch;
    change(batch);
    ASSERT_TRUE((*database)->write(std::move(batch), true).ok());
  }

  [[nodiscard]] Roster roster() const { return read_roster(layout, vectors::genesis()); }

  Layout layout{fs::temp_directory_path() / ("xl-roster-" + std::to_string(::getpid()))};
};

TEST_F(RosterOfAFolder, IsTheGenesisWhereThereIsNoLedger) {
  const Roster out = roster();
  EXPECT_FALSE(out.of_ledger);
  ASSERT_EQ(out.members.size(), 3U);
  EXPECT_EQ(out.members[0].name, "北方医院 North Hospital");
  EXPECT_TRUE(out.members[0].self);
  EXPECT_TRUE(out.members[0].archive);
  EXPECT_EQ(out.members[1].gateway, "https://b.example");
  EXPECT_FALSE(out.members[1].self);
  EXPECT_EQ(out.members[2].gateway, "");
  const auto asked = gateways_to_ask(layout);
  ASSERT_TRUE(asked.ok());
  EXPECT_EQ(asked->urls, std::vector<std::string>{"https://b.example"});
  EXPECT_FALSE(asked->of_ledger);
}

TEST_F(RosterOfAFolder, IsTheLedgersOwnWhileItCanBeRead) {
  xinglin::governance::v1::MemberRecord record;
  record.set_address("moved.example:1");
  record.set_gateway("https://moved.example");
  record.set_moved_ms(7);
  Bytes value{1};
  append(value, model::encode(record));
  found([&](state::Batch& batch) {
    batch.put(state::Column::state, governance::member_key(party(3)), value);
  });
  const Roster out = roster();
  EXPECT_TRUE(out.of_ledger);
  ASSERT_EQ(out.members.size(), 3U);
  EXPECT_EQ(out.members[2].name, "East Pharmacy");
  EXPECT_EQ(address_to_dial(out.members[2], {{out.members[2].peer_id, "10.0.0.3:3"}}),
            "moved.example:1");
  EXPECT_EQ(address_to_dial(out.members[1], {{out.members[1].peer_id, "10.0.0.2:2"}}),
            "10.0.0.2:2");
  const auto asked = gateways_to_ask(layout);
  ASSERT_TRUE(asked.ok());
  EXPECT_TRUE(asked->of_ledger);
  EXPECT_EQ(asked->urls, (std::vector<std::string>{"https://b.example", "https://moved.example"}));
}

TEST_F(RosterOfAFolder, OfADamagedLedgerIsTheGenesis) {
  found([&](state::Batch& batch) {
    batch.put(state::Column::state, governance::member_key(party(3)), Bytes{1, 0xff, 0xff});
  });
  const Roster out = roster();
  EXPECT_FALSE(out.of_ledger);
  EXPECT_EQ(out.members.size(), 3U);
}

TEST_F(RosterOfAFolder, WithoutAGatewayNamesNobodyToAsk) {
  found([&](state::Batch& batch) {
    const Bytes silent{1, 8, 1};  // weight 1, and no more
    batch.put(state::Column::state, governance::member_key(party(2)), silent);
    batch.put(state::Column::state, governance::member_key(party(3)), silent);
  });
  EXPECT_EQ(gateways_to_ask(layout).error().code, ErrorCode::gateways_untold);
}

}  // namespace
}  // namespace xl::node
