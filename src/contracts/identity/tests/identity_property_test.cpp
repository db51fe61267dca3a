// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: whatever is sent in whatever order, keys live as the model says, and no party that acts is
// ever without a manager. Method: random key messages by random signers against a model that is a
// list of what happened, invariants on.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "contracts/identity/keys.h"
#include "contracts/identity/status.h"
#include "contracts/tests/fixture.h"
#include "contracts/tests/seed.h"

namespace xl::contracts::identity {
namespace {

namespace wire = xinglin::identity::v1;
using testing::field;
using testing::id;
using testing::key;
using testing::Ledger;
using testing::minute_ms;

/// What the model knows of one key.
struct ModelKey {
  std::string party;
  bool manages = false;
  std::uint64_t ends_ms = 0;  // 0: never by itself
  bool ended = false;
  std::string made_by;  // of a session: the key that delegated
};

/// The model: a few sentences about keys, no tables, no indexes.
class KeyModel {
 public:
  explicit KeyModel(const std::vector<std::string>& parties) {
    for (const std::string& party : parties) keys[party] = {party, true, 0, false, ""};
  }

  [[nodiscard]] bool usable(const std::string& name, std::uint64_t now) const {
    const auto found = keys.find(name);
    return found != keys.end() && !found->second.ended &&
           (found->second.ends_ms == 0 || now < found->second.ends_ms);
  }
  [[nodiscard]] bool manages(const std::string& name, const std::string& party,
                             std::uint64_t now) const {
    return usable(name, now) && keys.at(name).party == party && keys.at(name).manages &&
           keys.at(name).made_by.empty() && !gone.contains(party);
  }
  [[nodiscard]] bool has_lasting_manager(const std::string& party,
                                         const std::string& without) const {
    for (const auto& [name, k] : keys) {
      const bool lasting = k.manages && k.ends_ms == 0 && !k.ended && k.made_by.empty();
      if (k.party == party && lasting && name != without) return true;
    }
    return false;
  }
  [[nodiscard]] std::uint32_t live(const std::string& party, bool sessions,
                                   std::uint64_t now) const {
    std::uint32_t count = 0;
    for (const auto& [name, k] : keys) {
      if (k.party == party && k.made_by.empty() != sessions && usable(name, now)) ++count;
    }
    return count;
  }
  /// The live session that ends first; of several at once the one with the lowest key id.
  [[nodiscard]] std::string first_to_end(const std::string& party, std::uint64_t now) const {
    std::string out;
    for (const auto& [name, k] : keys) {
      if (k.party != party || k.made_by.empty() || !usable(name, now)) continue;
      const auto rank = [&](const std::string& one) {
        return std::pair(keys.at(one).ends_ms, key(one).id);
      };
      if (out.empty() || rank(name) < rank(out)) out = name;
    }
    return out;
  }
  void end(const std::string& name) {
    keys[name].ended = true;
    for (auto& [other, k] : keys) {
      if (k.made_by == name) k.ended = true;
    }
  }

  std::map<std::string, ModelKey> keys;
  std::set<std::string> gone;
};

/// One random message to both sides.
class KeyRun {
 public:
  explicit KeyRun(std::uint64_t seed) : random_(seed), model_(parties_) {
    for (const std::string& party : parties_) {
      EXPECT_EQ(ledger_.claimed_patient(party, "north"), applied);
    }
  }

  void step() {
    if (upto(5) == 0) ledger_.block_ms += static_cast<std::uint64_t>(upto(40)) * minute_ms;
    const std::string party = parties_[static_cast<std::size_t>(upto(3))];
    const std::string signer = upto(3) == 0 ? any_key() : manager_of(party);
    switch (upto(12)) {
      case 0:
      case 1:
      case 2:
      case 3:
        add(party, signer);
        break;
      case 4:
      case 5:
        rotate(party, signer);
        break;
      case 6:
      case 7:
      case 8:
        revoke(party, signer);
        break;
      case 9:
      case 10:
        delegate(party, signer);
        break;
      default:
        if (upto(12) == 0) deactivate(party, signer);
        break;
    }
    compare();
  }

  [[nodiscard]] int applied_count() const { return applied_; }

 private:
  int upto(int count) { return static_cast<int>(random_() % static_cast<std::uint64_t>(count)); }
  std::string any_key() {
    auto at = model_.keys.begin();
    std::advance(at, upto(static_cast<int>(model_.keys.size())));
    return at->first;
  }
  /// A key that may manage the party now, if there is one.
  std::string manager_of(const std::string& party) {
    for (const auto& [name, k] : model_.keys) {
      if (model_.manages(name, party, ledger_.block_ms)) return name;
    }
    return any_key();
  }
  std::string fresh() { return "key " + std::to_string(++made_); }

  void expect(StatusCode status, bool allowed, const char* what) {
    EXPECT_EQ(status == applied, allowed) << what << ": " << status;
    EXPECT_NE(status, testing::broken_invariant) << what;
    if (status == applied) ++applied_;
  }

  void add(const std::string& party, const std::string& signer) {
    const bool reuse = upto(8) == 0;
    const std::string name = reuse ? any_key() : fresh();
    const std::uint32_t purposes = upto(2) == 0 ? testing::sign_and_manage : purpose_sign;
    const std::uint64_t ends =
        upto(2) == 0 ? 0 : ledger_.block_ms + static_cast<std::uint64_t>(upto(90)) * minute_ms;
    const std::uint64_t now = ledger_.block_ms;
    const bool allowed = model_.manages(signer, party, now) && !reuse &&
                         (ends == 0 || ends > now) &&
                         model_.live(party, false, now) < limits::keys_live_max;
    expect(ledger_.add_key(party, name, purposes, signer, ends), allowed, "add");
    if (allowed) {
      model_.keys[name] = {party, (purposes & purpose_manage) != 0, ends, false, ""};
    }
  }

  void rotate(const std::string& party, const std::string& signer) {
    const std::string old_name = any_key();
    const std::string name = fresh();
    const bool manage = upto(2) == 0;
    wire::RotateKey out;
    out.set_party(field(party));
    out.set_old_key(field(key(old_name).id));
    *out.mutable_key() =
        ledger_.new_key(name, id(party), manage ? testing::sign_and_manage : purpose_sign);
    const ModelKey& old = model_.keys[old_name];
    const bool allowed = model_.manages(signer, party, ledger_.block_ms) && old.party == party &&
                         old.made_by.empty() && !old.ended &&
                         (manage || model_.has_lasting_manager(party, old_name));
    expect(ledger_.send(contract_number, rotate_key_type, out, {signer}), allowed, "rotate");
    if (!allowed) return;
    model_.end(old_name);
    model_.keys[name] = {party, manage, 0, false, ""};
  }

  void revoke(const std::string& party, const std::string& signer) {
    const std::string name = any_key();
    const ModelKey& old = model_.keys[name];
    const bool allowed = model_.manages(signer, party, ledger_.block_ms) && old.party == party &&
                         old.made_by.empty() && !old.ended &&
                         model_.has_lasting_manager(party, name);
    expect(ledger_.revoke_key(party, name, signer), allowed, "revoke");
    if (allowed) model_.end(name);
  }

  void delegate(const std::string& party, const std::string& signer) {
    const std::string name = fresh();
    const std::uint64_t until =
        ledger_.block_ms + static_cast<std::uint64_t>(upto(14 * 60)) * minute_ms;
    wire::Delegate out;
    out.set_delegator(field(party));
    *out.mutable_key() = ledger_.new_key(name, id(party), purpose_session, until);
    out.set_organisation(field("north"));
    out.add_message_types(3U << 16U | 1U);
    const std::uint64_t now = ledger_.block_ms;
    const std::uint64_t ends = model_.keys[signer].ends_ms;
    const bool allowed = model_.manages(signer, party, now) && until > now &&
                         until - now <= limits::delegation_ms_max && (ends == 0 || until <= ends);
    expect(ledger_.send(contract_number, delegate_type, out, {signer}), allowed, "delegate");
    if (!allowed) return;
    if (model_.live(party, true, now) == limits::sessions_live_max) {
      model_.keys[model_.first_to_end(party, now)].ended = true;
    }
    model_.keys[name] = {party, false, until, false, signer};
  }

  void deactivate(const std::string& party, const std::string& signer) {
    wire::Deactivate out;
    out.set_party(field(party));
    const bool allowed = model_.manages(signer, party, ledger_.block_ms);
    expect(ledger_.send(contract_number, deactivate_type, out, {signer}), allowed, "deactivate");
    if (!allowed) return;
    model_.gone.insert(party);
    for (auto& [name, k] : model_.keys) {
      if (k.party == party) k.ended = true;
    }
  }

  /// Every key ever made is as usable as the model says.
  void compare() {
    for (const auto& [name, k] : model_.keys) {
      const auto stored = find_key(ledger_.state(), key(name).id);
      ASSERT_TRUE(stored.has_value()) << name;
      ASSERT_EQ(is_active(*stored, ledger_.block_ms), model_.usable(name, ledger_.block_ms))
          << name;
      ASSERT_EQ(stored->controller(), field(k.party));
    }
    for (const std::string& party : parties_) {
      ASSERT_EQ(keeps_manager(ledger_.state(), id(party), Hash{}), !model_.gone.contains(party));
    }
  }

  std::mt19937_64 random_;
  std::vector<std::string> parties_ = {"ann", "bob", "carl"};
  Ledger ledger_;
  KeyModel model_;
  int made_ = 0;
  int applied_ = 0;
};

TEST(IdentityProperty, KeysLiveAsTheModelSays) {
  const std::uint64_t seed = testing::seed(1911);
  int applied_count = 0;
  for (std::uint64_t round = 0; round < 8; ++round) {
    KeyRun run(seed + round);
    for (int i = 0; i < 250 && !::testing::Test::HasFailure(); ++i) run.step();
    applied_count += run.applied_count();
  }
  EXPECT_GT(applied_count, 400);  // the runs must do something
}

}  // namespace
}  // namespace xl::contracts::identity
