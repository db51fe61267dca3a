// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: whatever members do, a proposal passes exactly when the weight behind it says so, and power
// follows what passed. Method: random proposals, ballots, blocks and lapses against a model that
// keeps plain maps and knows nothing of the contract; invariants run after every message.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "contracts/governance/tests/votes.h"
#include "contracts/tests/seed.h"

namespace xl::contracts::governance {
namespace {

namespace votes = testing::votes;
using testing::id;
using testing::Ledger;

const std::vector<std::string> names = {"north", "south", "insurer"};

struct ModelProposal {
  std::string member;
  bool is_weight = true;
  std::uint64_t value = 0;
  std::map<std::string, Ballot> ballots;
  std::uint64_t closes_ms = 0;
  std::uint64_t height = 0;  ///< 0: at once
  ProposalStatus status = ProposalStatus::open;
};

/// What members should be, by arithmetic alone.
class Model {
 public:
  std::map<std::string, std::uint64_t> weights = {{"north", 1}, {"south", 1}, {"insurer", 1}};
  std::map<std::string, std::uint64_t> powers = {{"north", 10}, {"south", 10}, {"insurer", 10}};
  std::map<std::string, bool> archives = {{"north", false}, {"south", false}, {"insurer", false}};
  std::vector<std::pair<std::string, ModelProposal>> proposals;

  /// Nothing changes, or nobody would keep the blocks that somebody promised to keep.
  [[nodiscard]] bool can_be(const std::string& member, bool archive) const {
    std::size_t count = 0;
    for (const auto& [name, keeps] : archives) count += keeps ? 1 : 0;
    return archives.at(member) != archive && (archive || count > 1);
  }

  [[nodiscard]] bool can(const ModelProposal& one) const {
    if (one.is_weight) {
      std::uint64_t others = 0;
      for (const auto& [name, weight] : weights) others += name == one.member ? 0 : weight;
      return weights.at(one.member) != one.value && others + one.value > 0;
    }
    std::uint64_t total = 0;
    for (const auto& [name, power] : powers) total += power;
    const std::uint64_t now = powers.at(one.member);
    const std::uint64_t moved = now > one.value ? now - one.value : one.value - now;
    return moved > 0 && total - now + one.value > 0 && moved * 3 <= total;
  }

  void vote(ModelProposal& one, const std::string& member, Ballot ballot) {
    one.ballots[member] = ballot;
    std::uint64_t yes = 0;
    std::uint64_t total = 0;
    for (const auto& [name, weight] : weights) {
      total += weight;
      const auto cast = one.ballots.find(name);
      if (cast != one.ballots.end() && cast->second == Ballot::yes) yes += weight;
    }
    if (3 * yes > 2 * total) one.status = ProposalStatus::passed;
  }

  void end_block(std::uint64_t height, std::uint64_t block_ms) {
    bool moved = false;
    std::uint32_t steps = 0;
    for (auto& [name, one] : proposals) {
      if (steps == limits::block_end_steps_max) return;
      if (one.status == ProposalStatus::open && one.closes_ms <= block_ms) {
        one.status = ProposalStatus::expired;
        ++steps;
      } else if (one.status == ProposalStatus::passed && one.height <= height &&
                 (one.is_weight || !moved)) {
        one.status = can(one) ? ProposalStatus::executed : ProposalStatus::failed;
        ++steps;
        if (one.status == ProposalStatus::failed) continue;
        (one.is_weight ? weights : powers)[one.member] = one.value;
        moved = moved || !one.is_weight;
      }
    }
  }

  [[nodiscard]] std::size_t live() const {
    std::size_t out = 0;
    for (const auto& [name, one] : proposals) out += one.status <= ProposalStatus::passed ? 1 : 0;
    return out;
  }
};

class Walk {
 public:
  explicit Walk(std::uint64_t seed) : random_(seed) {}

  void step() {
    switch (random_() % 9) {
      case 8:
        update();
        break;
      case 0:
      case 1:
        propose();
        break;
      case 2:
        model_.end_block(ledger_.height, ledger_.block_ms);
        ledger_.end_block();
        ledger_.block_ms += random_() % (20 * testing::minute_ms);
        break;
      default:
        vote();
        break;
    }
    compare();
  }

 private:
  std::string any_name() { return names[random_() % names.size()]; }

  void update() {
    const std::string member = any_name();
    const bool archive = random_() % 2 == 0;
    const bool expected = model_.can_be(member, archive);
    EXPECT_EQ(votes::update_member(ledger_, member, archive) == applied, expected) << member;
    if (expected) model_.archives[member] = archive;
  }

  void propose() {
    ModelProposal one;
    one.member = any_name();
    one.is_weight = random_() % 2 == 0;
    one.value = one.is_weight ? random_() % 4 : random_() % 25;
    one.closes_ms = ledger_.block_ms + (1 + random_() % 60) * testing::minute_ms;
    one.height = random_() % 2 == 0 ? 0 : ledger_.height + 1 + random_() % 4;
    const std::string name = "p" + std::to_string(model_.proposals.size());
    auto content =
        one.is_weight ? votes::weight(name, one.member, one.value)
                      : votes::validator(name, one.member, "validator of " + one.member, one.value);
    content.set_closes_ms(one.closes_ms);
    content.set_execute_height(one.height);
    const bool expected = model_.can(one) && model_.live() < limits::proposals_live_max;
    EXPECT_EQ(votes::propose(ledger_, content) == applied, expected) << name;
    if (expected) model_.proposals.emplace_back(name, one);
  }

  void vote() {
    if (model_.proposals.empty()) return;
    // Mostly the latest: those before are decided or forgotten.
    const std::size_t back = random_() % std::min<std::size_t>(model_.proposals.size(), 4);
    auto& [name, one] = model_.proposals[model_.proposals.size() - 1 - back];
    const std::string member = any_name();
    const Ballot ballot = random_() % 4 == 0 ? Ballot::no : Ballot::yes;
    const bool open = one.status == ProposalStatus::open && ledger_.block_ms < one.closes_ms;
    EXPECT_EQ(votes::vote(ledger_, name, member, ballot) == applied, open) << name;
    if (open) model_.vote(one, member, ballot);
  }

  void compare() const {
    for (const auto& [name, weight] : model_.weights) {
      const auto member = find_member(ledger_.state(), id(name));
      ASSERT_TRUE(member);
      EXPECT_EQ(member->weight(), weight) << name;
      EXPECT_EQ(member->power(), model_.powers.at(name)) << name;
      EXPECT_EQ(member->archive(), model_.archives.at(name)) << name;
    }
    for (const auto& [name, one] : model_.proposals) {
      EXPECT_EQ(votes::status_of(ledger_, name), one.status) << name;
    }
  }

  std::mt19937_64 random_;
  Ledger ledger_;
  Model model_;
};

TEST(GovernanceProperty, WeightsAndPowersFollowWhatPassed) {
  const std::uint64_t seed = testing::seed(20261122);
  for (std::uint64_t walk = 0; walk < 20; ++walk) {
    Walk one(seed + walk);
    for (int i = 0; i < 200 && !::testing::Test::HasFailure(); ++i) one.step();
  }
}

}  // namespace
}  // namespace xl::contracts::governance
