// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: at every moment exactly those consents hold that the model says, whoever sent what. Method:
// random messages by random signers against a model that keeps each consent's story, invariants on.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "contracts/consent/messages.pb.h"
#include "contracts/consent/records.h"
#include "contracts/consent/view.h"
#include "contracts/tests/fixture.h"
#include "contracts/tests/seed.h"

namespace xl::contracts::consent {
namespace {

namespace wire = xinglin::consent::v1;
using testing::day_ms;
using testing::digest;
using testing::field;
using testing::hour_ms;
using testing::id;
using testing::Ledger;

struct Story {
  std::string patient;
  std::uint64_t from = 0, to = 0;  // to 0: open
  bool assisted = false;
  bool over = false;
};

class ConsentRun {
 public:
  explicit ConsentRun(std::uint64_t seed) : random_(seed) {
    EXPECT_EQ(ledger_.claimed_patient("ann", "north"), applied);
    EXPECT_EQ(ledger_.register_patient("carl", "north"), applied);
    EXPECT_EQ(ledger_.appoint("gail", "carl", "north", identity::power_consent,
                              ledger_.block_ms + 60 * day_ms),
              applied);
    EXPECT_EQ(ledger_.attest("dora", "north", {identity::Role::registrar}), applied);
    EXPECT_EQ(ledger_.attest("erik", "north", {identity::Role::registrar}), applied);
    guardian_until_ = ledger_.block_ms + 60 * day_ms;
  }

  void step() {
    if (upto(4) == 0) ledger_.block_ms += static_cast<std::uint64_t>(upto(72)) * hour_ms;
    switch (upto(5)) {
      case 0:
      case 1:
        grant();
        break;
      case 2:
        assist();
        break;
      case 3:
        narrow();
        break;
      default:
        revoke();
        break;
    }
    compare();
  }

  [[nodiscard]] int applied_count() const { return applied_; }

 private:
  int upto(int count) { return static_cast<int>(random_() % static_cast<std::uint64_t>(count)); }
  std::string any_consent() {
    if (stories_.empty() || upto(10) == 0) return "no such consent";
    auto at = stories_.begin();
    std::advance(at, upto(static_cast<int>(stories_.size())));
    return at->first;
  }
  std::string fresh() {
    return upto(10) == 0 && !stories_.empty() ? stories_.begin()->first
                                              : "consent " + std::to_string(++made_);
  }
  testing::Signers signers() {
    static const std::vector<testing::Signers> all = {{"ann"},          {"gail"},        {"north"},
                                                      {"dora", "erik"}, {"dora"},        {"ann"},
                                                      {"gail"},         {"dora", "erik"}};
    return all[static_cast<std::size_t>(upto(8))];
  }
  /// Who may decide for a patient, in a sentence.
  [[nodiscard]] bool decides(const testing::Signers& who, const std::string& patient) const {
    if (patient == "ann") return who[0] == "ann";
    return who[0] == "gail" && ledger_.block_ms < guardian_until_;
  }
  static bool desk(const testing::Signers& who) { return who.size() == 2; }
  std::uint64_t moment() {
    const int hours = upto(120);
    return upto(3) == 0 ? 0 : ledger_.block_ms + static_cast<std::uint64_t>(hours) * hour_ms;
  }
  [[nodiscard]] bool sound(std::uint64_t from, std::uint64_t to) const {
    return to == 0 || (to > from && to > ledger_.block_ms);
  }
  [[nodiscard]] bool full(const std::string& patient) const {
    std::uint32_t count = 0;
    for (const auto& [name, story] : stories_) {
      if (story.patient == patient && !story.over) ++count;
    }
    return count >= limits::consents_active_max;
  }

  void expect(std::uint16_t type, const google::protobuf::Message& message,
              const testing::Signers& who, bool allowed) {
    const StatusCode status = ledger_.send(contract_number, type, message, who);
    EXPECT_EQ(status == applied, allowed) << "type " << type << ": " << status;
    EXPECT_NE(status, testing::broken_invariant);
    if (status == applied) ++applied_;
  }

  void grant() {
    const std::string name = fresh();
    const std::string patient = upto(2) == 0 ? "ann" : "carl";
    const auto who = signers();
    const std::uint64_t from = moment();
    const std::uint64_t to = moment();
    wire::Grant out;
    out.set_consent(field(name));
    out.set_patient(field(patient));
    out.set_start_ms(from);
    out.set_end_ms(to);
    out.set_commitment(digest(name));
    const bool allowed =
        decides(who, patient) && !stories_.contains(name) && sound(from, to) && !full(patient);
    expect(grant_type, out, who, allowed);
    if (allowed) stories_[name] = {patient, from, to, false, false};
  }

  void assist() {
    const std::string name = fresh();
    const std::string patient = upto(2) == 0 ? "ann" : "carl";
    const auto who = signers();
    const std::uint64_t to = ledger_.block_ms + static_cast<std::uint64_t>(upto(100)) * day_ms;
    wire::GrantAssisted out;
    out.set_consent(field(name));
    out.set_patient(field(patient));
    out.set_end_ms(to);
    out.set_commitment(digest(name));
    out.set_evidence(digest("paper"));
    const bool allowed = desk(who) && !stories_.contains(name) && to > ledger_.block_ms &&
                         to <= ledger_.block_ms + 90 * day_ms && !full(patient);
    expect(grant_assisted_type, out, who, allowed);
    if (allowed) stories_[name] = {patient, 0, to, true, false};
  }

  void narrow() {
    const std::string old_name = any_consent();
    const std::string name = fresh();
    const auto who = signers();
    const std::uint64_t from = moment();
    const std::uint64_t to = moment();
    wire::Narrow out;
    out.set_consent(field(old_name));
    out.set_replacement(field(name));
    out.set_start_ms(from);
    out.set_end_ms(to);
    out.set_commitment(digest(name));
    bool allowed = stories_.contains(old_name) && !stories_.contains(name) && sound(from, to);
    if (allowed) {
      const Story& old = stories_[old_name];
      const bool begun = old.from <= ledger_.block_ms + 90'000;
      allowed = decides(who, old.patient) && !old.over &&
                (old.to == 0 || (to != 0 && to <= old.to)) && (begun || from >= old.from);
    }
    expect(narrow_type, out, who, allowed);
    if (!allowed) return;
    stories_[old_name].over = true;
    stories_[name] = {stories_[old_name].patient, from, to, false, false};
  }

  void revoke() {
    const std::string name = any_consent();
    const auto who = signers();
    const bool evidence = upto(2) == 0;
    wire::Revoke out;
    out.set_consent(field(name));
    if (evidence) out.set_evidence(digest("asked"));
    const bool there = stories_.contains(name) && !stories_[name].over;
    const bool allowed = there && (decides(who, stories_[name].patient) ||
                                   (stories_[name].assisted && desk(who) && evidence));
    expect(revoke_type, out, who, allowed);
    if (allowed) stories_[name].over = true;
  }

  void compare() {
    std::map<std::string, std::set<model::Id>> listed;
    for (const auto& [name, story] : stories_) {
      const std::uint64_t now = ledger_.block_ms;
      const bool holds_now =
          !story.over && now + 90'000 >= story.from && (story.to == 0 || now < story.to);
      ASSERT_EQ(is_active(ledger_.state(), id(name), now), holds_now) << name;
      if (!story.over) listed[story.patient].insert(id(name));
    }
    for (const char* patient : {"ann", "carl"}) {
      const auto stored = consents_of(ledger_.state(), id(patient));
      ASSERT_EQ(std::set<model::Id>(stored.begin(), stored.end()), listed[patient]);
    }
  }

  std::mt19937_64 random_;
  Ledger ledger_;
  std::map<std::string, Story> stories_;
  std::uint64_t guardian_until_ = 0;
  int made_ = 0;
  int applied_ = 0;
};

TEST(ConsentProperty, HoldsWhenTheModelSays) {
  const std::uint64_t seed = testing::seed(42);
  int applied_count = 0;
  for (std::uint64_t round = 0; round < 12; ++round) {
    ConsentRun run(seed + round);
    for (int i = 0; i < 300 && !::testing::Test::HasFailure(); ++i) run.step();
    applied_count += run.applied_count();
  }
  EXPECT_GT(applied_count, 300);  // the runs must do something
}

}  // namespace
}  // namespace xl::contracts::consent
