// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: the decision is the model's, for any policies in any order, and "narrower" never widens.
// Method: random consents of one policy or several with times of their own, requests and facts over
// a small universe against policy_model.h, which enumerates sets of points where the contract
// compares fields.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "contracts/consent/tests/policy_model.h"
#include "contracts/tests/seed.h"

namespace xl::contracts::consent {
namespace {

using universe::Agreed;
using universe::Answer;
using universe::Choice;
using universe::Dice;
using universe::Point;
using universe::World;

constexpr int cases = 25'000;

model::Id consent_id(int number) { return testing::id("consent " + std::to_string(number)); }

/// As the custodian knows them: consents with one policy or several, at a moment.
std::vector<KnownPolicy> known_policies(const std::vector<Agreed>& agreed, int now) {
  std::map<int, std::vector<const Agreed*>> consents;
  for (std::size_t i = 0; i < agreed.size(); ++i) {
    consents[universe::consent_of(agreed, i)].push_back(&agreed[i]);
  }
  std::vector<KnownPolicy> out;
  for (const auto& [number, policies] : consents) {
    SealedPolicy sealed;
    sealed.set_consent(testing::field("consent " + std::to_string(number)));
    *sealed.mutable_policy() = universe::build(*policies.front());
    for (std::size_t i = 1; i < policies.size(); ++i) {
      *sealed.add_further() = universe::build(*policies[i]);
    }
    auto known = policies_of(sealed, policies.front()->active, universe::now_ms_of(now));
    std::move(known.begin(), known.end(), std::back_inserter(out));
  }
  return out;
}

std::vector<model::Id> ids_of(const std::set<int>& relied) {
  std::vector<model::Id> out;
  for (const int i : relied) out.push_back(consent_id(i));
  std::sort(out.begin(), out.end());
  return out;
}

/// Up to six policies in up to four consents.
std::vector<Agreed> drawn(Dice& dice) {
  std::vector<Agreed> out;
  const int consents = dice.upto(5);
  for (int number = 0; number < consents; ++number) {
    const int policies = dice.one_in(3) ? 2 : 1;
    for (int i = 0; i < policies; ++i) {
      out.push_back(dice.timed());
      out.back().consent = number;
      if (i > 0) out.back().active = out[out.size() - 2].active;
    }
  }
  return out;
}

bool same(const Decision& a, const Decision& b) {
  return a.permit == b.permit && a.review == b.review && a.reasons == b.reasons &&
         a.consents == b.consents && a.refusals == b.refusals;
}

void expect_sound_reasons(const Decision& decision) {
  EXPECT_FALSE(decision.reasons.empty());
  EXPECT_TRUE(std::is_sorted(decision.reasons.begin(), decision.reasons.end(),
                             [](Reason a, Reason b) { return a <= b; }));
  for (const Reason reason : decision.reasons) {
    EXPECT_EQ(decision.permit, reason < Reason::law_denies);
  }
}

TEST(DecideProperty, AgreesWithTheModelInAnyOrder) {
  Dice dice(testing::seed(20'261'121));
  std::map<std::pair<bool, bool>, int> outcomes;
  for (int i = 0; i < cases; ++i) {
    const std::vector<Agreed> agreed = drawn(dice);
    const Point point = dice.point();
    const World world = dice.world();
    std::vector<KnownPolicy> policies = known_policies(agreed, world.now);
    for (const KnownPolicy& policy : policies) ASSERT_TRUE(check_policy(policy.policy).ok()) << i;
    const Request request = universe::build(point);
    const Facts facts = universe::build(world);
    const Decision decision = decide(policies, request, facts);
    const Answer expected = universe::answer(agreed, point, world);
    ASSERT_EQ(decision.permit, expected.permit) << "case " << i;
    ASSERT_EQ(decision.review, expected.review) << "case " << i;
    ASSERT_EQ(decision.consents, ids_of(expected.relied)) << "case " << i;
    ASSERT_EQ(decision.refusals, ids_of(expected.refused)) << "case " << i;
    expect_sound_reasons(decision);
    std::shuffle(policies.begin(), policies.end(), dice.engine());
    ASSERT_TRUE(same(decision, decide(policies, request, facts))) << "case " << i;
    ++outcomes[{decision.permit, decision.review}];
  }
  // The cases must be worth something: every outcome occurs often.
  EXPECT_GT((outcomes[{true, false}]), cases / 10);
  EXPECT_GT((outcomes[{true, true}]), cases / 50);
  EXPECT_GT((outcomes[{false, false}]), cases / 10);
}

/// One step that can only take away.
Choice shrunk(Dice& dice, Choice choice) {
  switch (dice.upto(9)) {
    case 0:
      if (choice.high > choice.low) --choice.high;
      break;
    case 1:
      choice.excluded |= 1 << dice.upto(3);
      break;
    case 2:
      choice.exceptions.push_back(dice.choice(2, false));
      break;
    case 3:
      if (choice.classes.empty()) choice.classes = {0};
      break;
    case 4:
      if (choice.grantees.size() > 1) choice.grantees.erase(choice.grantees.begin());
      break;
    case 5:
      if (choice.data.empty()) choice.data = {0};
      break;
    case 6:
      if (choice.codes.empty()) choice.codes = {1};
      break;
    case 7:
      if (choice.from < 0 && choice.to < 0) choice.from = 2;
      break;
    default:
      for (Choice& exception : choice.exceptions) exception.classes.clear();
      break;
  }
  return choice;
}

TEST(NarrowerProperty, NeverWidensAndKnowsASimpleStep) {
  Dice dice(testing::seed(4711));
  int recognised = 0;
  for (int i = 0; i < cases / 8; ++i) {
    Agreed old = dice.agreed();
    old.active = true;
    Agreed fresh = old;
    if (dice.one_in(3)) fresh.choice = dice.choice(0, old.permit);
    const bool step = !dice.one_in(3);
    if (step && old.permit) fresh.choice = shrunk(dice, old.choice);
    if (step && !old.permit) old.choice = shrunk(dice, fresh.choice);  // a deny must grow
    const Policy before = universe::build(old);
    const Policy after = universe::build(fresh);
    const bool narrower = is_narrower(before, after);
    const bool differs = model::encode(before) != model::encode(after);
    if (step) {
      ASSERT_EQ(narrower, differs) << "case " << i;
    }
    if (!narrower) continue;
    ++recognised;
    EXPECT_FALSE(is_narrower(after, before) && old.permit && fresh.choice.high != old.choice.high);
    for (int j = 0; j < 60; ++j) {
      const Point point = dice.point();
      const bool was = universe::in_rule(old.choice, point, old.permit);
      const bool is = universe::in_rule(fresh.choice, point, fresh.permit);
      ASSERT_TRUE(old.permit ? was || !is : is || !was) << "case " << i;
    }
  }
  EXPECT_GT(recognised, cases / 100);
}

}  // namespace
}  // namespace xl::contracts::consent
